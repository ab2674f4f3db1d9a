/** Reads the marked result that `console-user-data.sh` leaves on the console. */

import { gunzipSync } from 'node:zlib';
import { wholeNumber } from './unit-report.js';

export interface ConsoleReport {
  readonly exitStatus: number;
  readonly seconds: number;
  readonly output: string;
}

/** Our script prints at most 32 KiB; a hostile image may print data that expands to far more. */
const OUTPUT_BYTES_MAX = 64 * 1024;

/** The result, or undefined while it is incomplete. */
export function parseConsoleReport(console: string, nonce: string): ConsoleReport | undefined {
  const lines = new Map<number, string>();
  let end: RegExpExecArray | undefined;
  const marked = new RegExp(`^fedimg:${nonce}:(\\d{1,4}):([A-Za-z0-9+/=]{1,1000})\\r?$`);
  const ended = new RegExp(`^fedimg:${nonce}:end:(\\d{1,4}):(\\d{1,3}):(\\d{1,6})\\r?$`);
  for (const line of console.split('\n')) {
    const part = marked.exec(line);
    if (part?.[1] !== undefined && part[2] !== undefined) lines.set(Number(part[1]), part[2]);
    end = ended.exec(line) ?? end;
  }
  const count = wholeNumber(end?.[1]);
  const exitStatus = wholeNumber(end?.[2]);
  const seconds = wholeNumber(end?.[3]);
  if (count === undefined || exitStatus === undefined || seconds === undefined) return undefined;
  const parts = Array.from({ length: count }, (_, index) => lines.get(index + 1));
  if (parts.includes(undefined)) return undefined;
  try {
    const packed = Buffer.from(parts.join(''), 'base64');
    const output = gunzipSync(packed, { maxOutputLength: OUTPUT_BYTES_MAX }).toString('utf8');
    return { exitStatus, seconds, output };
  } catch (cause) {
    throw new TypeError('the test result on the console cannot be unpacked', { cause });
  }
}
