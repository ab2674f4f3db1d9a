/** The options that all commands share, and the parsers of option values. */

import type { Command } from 'commander';
import { ARCHES, type Arch } from '../../model/compose/compose.js';
import { DURATION_EXAMPLES, parseDuration } from '../../model/duration.js';
import { VARIANT_KEYS } from '../../model/ids/variant.js';
import { usageError } from './problem.js';
import type { ColorChoice, Terminal } from '../view/terminal.js';
import { createTerminal } from '../view/terminal.js';

export interface GlobalOptions {
  readonly config?: string;
  readonly output?: string;
  readonly color?: string;
  readonly verbose?: boolean;
}

export function addGlobalOptions(program: Command): void {
  program
    .option(
      '--config <file>',
      'configuration file (default: FEDIMG_CONFIG, ./fedimg.toml, /etc/fedimg.toml)',
    )
    .option('-o, --output <format>', 'table, json or jsonl; `amis` has more, see its help')
    .option('--color <when>', 'auto, always or never; auto obeys NO_COLOR', 'auto')
    .option('--verbose', 'print all details of an error');
}

export function globalOptions(command: Command): GlobalOptions {
  return command.optsWithGlobals<GlobalOptions>();
}

/** Where a client command reads its configuration. */
export function configSource(command: Command): {
  readonly config: string | undefined;
  readonly env: NodeJS.ProcessEnv;
} {
  return { config: globalOptions(command).config, env: process.env };
}

/** The terminal of a command; throws a usage error for an unknown `--color`. */
export function terminalOf(command: Command, env: NodeJS.ProcessEnv = process.env): Terminal {
  const color = globalOptions(command).color ?? 'auto';
  if (!isColorChoice(color)) {
    throw usageError(`--color ${color} is unknown`, 'Allowed: auto, always, never.');
  }
  return createTerminal({ stdout: process.stdout, stderr: process.stderr, env, color });
}

function isColorChoice(color: string): color is ColorChoice {
  return ['auto', 'always', 'never'].includes(color);
}

/** The formats of every list. */
export type OutputFormat = 'table' | 'json' | 'jsonl' | 'name';

/** The chosen format; throws a usage error for one that the command does not have. */
export function outputFormat<F extends string>(command: Command, allowed: readonly F[]): F {
  const wanted = globalOptions(command).output ?? 'table';
  const format = allowed.find((one) => one === wanted);
  if (format !== undefined) return format;
  throw usageError(
    `${command.name()} does not have --output ${wanted}`,
    `Allowed: ${allowed.join(', ')}.`,
  );
}

/** Such as `hvm-gp2`, in upper or lower case. */
export function parseVariant(text: string): string {
  const key = text.toLowerCase();
  if (VARIANT_KEYS.includes(key)) return key;
  throw usageError(`${text} is not a variant`, `Allowed: ${VARIANT_KEYS.join(', ')}.`);
}

/** For an option that may be repeated. */
export function collectRegion(text: string, before: readonly string[] = []): readonly string[] {
  if (!/^[a-z]{2,4}(-[a-z]+)+-\d{1,2}$/.test(text)) {
    throw usageError(`${text} is not a region`, 'Give a name such as us-east-1.');
  }
  return before.includes(text) ? before : [...before, text];
}

/** Accepts `arm64` and `amd64` as other names. */
export function parseArch(text: string): Arch {
  const arch = text === 'arm64' ? 'aarch64' : text === 'amd64' ? 'x86_64' : text;
  const known = ARCHES.find((one) => one === arch);
  if (known !== undefined) return known;
  throw usageError(`${text} is not an architecture`, `Allowed: ${ARCHES.join(', ')}.`);
}

/** Milliseconds of `90s`, `30m`, `1h30m`; a bare number is seconds. */
export function parseTimeout(text: string): number {
  const timeoutMs = parseDuration(/^\d{1,7}$/.test(text) ? `${text}s` : text);
  if (timeoutMs !== undefined) return timeoutMs;
  throw usageError(`--timeout ${text} is not a duration`, `Use ${DURATION_EXAMPLES}.`);
}

export function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw usageError(`${text} is not a port`, 'Allowed: 0 to 65535; 0 takes a free one.');
}

export function parseSize(text: string): number {
  const size = Number(text);
  if (/^\d{1,16}$/.test(text) && Number.isSafeInteger(size) && size > 0) return size;
  throw usageError(`${text} is not a size`, 'Give the size of the compressed file in bytes.');
}
