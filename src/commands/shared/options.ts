/** The options that every command has, and what all of them mean by them. */

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
    .option('-o, --output <format>', 'table, json, jsonl; `amis` has more, see its help')
    .option('--color <when>', 'auto, always or never; NO_COLOR is obeyed', 'auto')
    .option('--verbose', 'all that is known about an error');
}

export function globalOptions(command: Command): GlobalOptions {
  return command.optsWithGlobals<GlobalOptions>();
}

/** The terminal of a command; throws a usage error for a `--color` that is none. */
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

/** What every listing can be. */
export type OutputFormat = 'table' | 'json' | 'jsonl' | 'name';

/** One of the formats that the command has; throws a usage error for another. */
export function outputFormat<F extends string>(command: Command, allowed: readonly F[]): F {
  const wanted = globalOptions(command).output ?? 'table';
  const format = allowed.find((one) => one === wanted);
  if (format !== undefined) return format;
  throw usageError(
    `--output ${wanted} is unknown to ${command.name()}`,
    `Allowed: ${allowed.join(', ')}.`,
  );
}

/** `hvm-gp2` and the like, in any case. */
export function parseVariant(text: string): string {
  const key = text.toLowerCase();
  if (VARIANT_KEYS.includes(key)) return key;
  throw usageError(`${text} is no variant`, `Allowed: ${VARIANT_KEYS.join(', ')}.`);
}

/** `arm64` and `amd64` are accepted for what they mean. */
export function parseArch(text: string): Arch {
  const arch = text === 'arm64' ? 'aarch64' : text === 'amd64' ? 'x86_64' : text;
  const known = ARCHES.find((one) => one === arch);
  if (known !== undefined) return known;
  throw usageError(`${text} is no architecture`, `Allowed: ${ARCHES.join(', ')}.`);
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
  throw usageError(`${text} is no port`, 'Allowed: 0 to 65535; 0 takes a free one.');
}

export function parseSize(text: string): number {
  const size = Number(text);
  if (/^\d{1,16}$/.test(text) && Number.isSafeInteger(size) && size > 0) return size;
  throw usageError(`${text} is no size`, 'Give the number of bytes of the compressed file.');
}
