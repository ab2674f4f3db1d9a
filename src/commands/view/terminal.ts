/** The two streams of a command: results on stdout, everything else on stderr, each with its own colours. */

import { styleText } from 'node:util';

export type Style = Parameters<typeof styleText>[0];
/** Colours a text, or returns it unchanged. */
export type Paint = (style: Style, text: string) => string;
export type ColorChoice = 'auto' | 'always' | 'never';

export interface OutputStream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

export interface TerminalOptions {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly env: NodeJS.ProcessEnv;
  readonly color: ColorChoice;
}

export interface Terminal {
  /** Writes a part of the result and a line end to stdout. */
  readonly result: (text: string) => void;
  /** Writes a line beside the result (progress, advice, a link) to stderr. */
  readonly note: (text: string) => void;
  /** Colours for stdout. */
  readonly paint: Paint;
  /** Colours for stderr. */
  readonly paintNote: Paint;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
}

export function createTerminal({ stdout, stderr, env, color }: TerminalOptions): Terminal {
  return {
    result: (text) => void stdout.write(`${text}\n`),
    note: (text) => void stderr.write(`${text}\n`),
    paint: painter(usesColor(stdout, env, color)),
    paintNote: painter(usesColor(stderr, env, color)),
    stdout,
    stderr,
  };
}

/** Asks `--color`, then NO_COLOR, then FORCE_COLOR and CLICOLOR_FORCE, then whether it is a terminal. */
export function usesColor(
  stream: OutputStream,
  env: NodeJS.ProcessEnv,
  color: ColorChoice,
): boolean {
  if (color !== 'auto') return color === 'always';
  if (isSet(env['NO_COLOR'])) return false;
  if ([env['FORCE_COLOR'], env['CLICOLOR_FORCE']].some((one) => isSet(one) && one !== '0')) {
    return true;
  }
  return stream.isTTY === true && env['TERM'] !== 'dumb';
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '';
}

function painter(colored: boolean): Paint {
  return (style, text) => (colored ? styleText(style, text, { validateStream: false }) : text);
}
