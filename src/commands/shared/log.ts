/** The log of a long-running command: JSON lines, entries of the journal, or readable lines on a terminal; a copy in `log.file`. */

import { accessSync, constants, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Logger, LoggerOptions, StreamEntry } from 'pino';
import { destination, multistream, pino } from 'pino';
import pretty from 'pino-pretty';
import type { LogConfig } from '../../config/schema.js';
import type { LogLevel } from '../../model/log-level.js';
import { redacted } from '../../model/redact.js';
import { usesColor } from '../view/terminal.js';
import { EXIT } from './exit-codes.js';
import { openJournal } from './journal.js';
import { errorFields } from './log-error.js';
import { CommandError } from './problem.js';

/** Every line loses its secrets right before it is written: messages, fields, and the stacks of errors. */
export function logOptions(level: LogLevel): LoggerOptions {
  const options = { withStack: level === 'debug' || level === 'trace' };
  return {
    level,
    // pino's own serializer knows only `err`, and JSON has no way to write an Error.
    serializers: { err: (value: unknown) => value },
    formatters: { log: (fields) => errorFields(fields, options) },
    hooks: { streamWrite: redacted },
  };
}

/** Writes to stderr, because stdout is for results. Throws `CommandError` when `log.file` cannot be written. */
export function createLog(level: LogLevel, { file }: Pick<LogConfig, 'file'> = {}): Logger {
  const stderr = process.stderr.isTTY
    ? pretty({
        destination: 2,
        sync: true,
        colorize: usesColor(process.stderr, process.env, 'auto'),
        ignore: 'pid,hostname',
      })
    : (openJournal() ?? destination({ dest: 2, sync: true }));
  if (file === undefined) return pino(logOptions(level), stderr);
  requireWritable(file);
  const streams: StreamEntry[] = [
    { level: 'trace', stream: stderr },
    { level: 'trace', stream: destination({ dest: file, append: true, sync: true }) },
  ];
  return pino(logOptions(level), multistream(streams));
}

function requireWritable(file: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    destination({ dest: file, append: true, sync: true }).end();
    accessSync(file, constants.W_OK);
  } catch (error) {
    throw new CommandError({
      what: `log.file is ${file}, which cannot be written (${(error as Error).message})`,
      next: 'Give the user of this process the right to write there, or name another file.',
      exitCode: EXIT.usage,
    });
  }
}
