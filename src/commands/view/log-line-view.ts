/** A line of the log for people: time, level, message, then its fields. */

import { printable } from '../../model/printable.js';
import type { LogLine } from '../shared/log-line.js';
import type { Paint } from './terminal.js';

const LEVELS: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};
const WARN = 40;
const ERROR = 50;

/** Of the process, not of the event. */
const LEFT_OUT = ['time', 'level', 'msg', 'pid', 'hostname', 'run'];

export function logLineText(line: LogLine, paint: Paint): string {
  const { time, level, msg } = line;
  const name = (LEVELS[level] ?? String(level)).padEnd(5);
  const colour = level >= ERROR ? 'red' : level >= WARN ? 'yellow' : undefined;
  const fields = Object.entries(line)
    .filter(([key]) => !LEFT_OUT.includes(key))
    .map(([key, value]) => `${key}=${fieldText(value)}`);
  const head = `${new Date(time).toISOString()} ${colour === undefined ? name : paint(colour, name)}`;
  return printable([head, msg, ...fields].join(' '));
}

function fieldText(value: unknown): string {
  if (typeof value === 'string') return /[\s="]/.test(value) ? JSON.stringify(value) : value;
  return JSON.stringify(value);
}
