/** The last lines of a log file, however long it is. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { prettyFactory } from 'pino-pretty';
import { lastLines } from './run-command.js';

const tailBytes = 16 * 1024;

/** The last `count` lines of `file` that are not blank; '' when it cannot be read. */
export function tailOfLog(file: string, count: number): string {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, 'r');
    const { size } = fstatSync(descriptor);
    const buffer = Buffer.alloc(Math.min(size, tailBytes));
    const read = readSync(descriptor, buffer, 0, buffer.length, Math.max(0, size - tailBytes));
    return lastLines(buffer.toString('utf8', 0, read), count);
  } catch {
    return '';
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

const readableLine = prettyFactory({ colorize: false, singleLine: true, ignore: 'pid,hostname' });

/** Keeps a message within a screen; the file has the whole lines. */
const lineChars = 240;

/** `lines` with each line of our own JSON log as plain text; each line is cut to `lineChars`. */
export function readableLog(lines: string): string {
  return lines
    .split('\n')
    .map((line) => (isLogLine(line) ? readableLine(line).trimEnd() : line))
    .map((line) => (line.length > lineChars ? `${line.slice(0, lineChars - 3)}...` : line))
    .join('\n');
}

/** Other programs also log in JSON; only pino's levels are numbers. */
function isLogLine(line: string): boolean {
  return /^\{"level":\d+,.*\}$/.test(line);
}
