/** The log of a long-running command: JSON lines, or readable lines on a terminal. */

import { destination, pino, type Logger, type LoggerOptions } from 'pino';
import pretty from 'pino-pretty';
import { redacted } from '../../model/redact.js';
import { usageError } from './problem.js';
import { usesColor } from '../view/terminal.js';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export function parseLogLevel(text: string): LogLevel {
  const level = LOG_LEVELS.find((one) => one === text);
  if (level !== undefined) return level;
  throw usageError(`--log-level ${text} is unknown`, `Allowed: ${LOG_LEVELS.join(', ')}.`);
}

/** Every line loses its secrets right before it is written: messages, fields, and the stacks of errors. */
export function logOptions(level: LogLevel): LoggerOptions {
  return { level, hooks: { streamWrite: redacted } };
}

/** Writes to stderr, because stdout is for results. */
export function createLog(level: LogLevel): Logger {
  if (process.stderr.isTTY) {
    const colorize = usesColor(process.stderr, process.env, 'auto');
    return pino(
      logOptions(level),
      pretty({ destination: 2, sync: true, colorize, ignore: 'pid,hostname' }),
    );
  }
  return pino(logOptions(level), destination({ dest: 2, sync: true }));
}
