/** Where the log of this machine is: the file of the configuration, and systemd's journal. */

import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { LogConfig } from '../../config/schema.js';
import { JSON_FIELD } from './journal-entry.js';

export interface LogPlace {
  /** For people. */
  readonly name: string;
  readonly kind: 'file' | 'journal';
  /** The path or the unit. */
  readonly at: string;
}

export function logPlaces({ file, journalUnit }: LogConfig): LogPlace[] {
  return [
    ...(file === undefined ? [] : [{ name: file, kind: 'file', at: file } as const]),
    ...(journalUnit === undefined
      ? []
      : [{ name: `the journal of ${journalUnit}`, kind: 'journal', at: journalUnit } as const]),
  ];
}

/** Calls `onLine` for each line, the oldest first; returns why the place could not be read. */
export async function readPlace(
  { kind, at }: LogPlace,
  onLine: (line: string) => void,
): Promise<string | undefined> {
  try {
    if (kind === 'file') await readLines(createReadStream(at), onLine);
    else await readJournal(at, onLine);
    return undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return kind === 'file' ? 'does not exist' : 'there is no journalctl';
    return code === 'EACCES' ? 'may not be read by this user' : message;
  }
}

async function readJournal(unit: string, onLine: (line: string) => void): Promise<void> {
  const args = ['--unit', unit, '--output', 'json', '--all', '--no-pager'];
  args.push(`--output-fields=MESSAGE,${JSON_FIELD}`);
  const child = spawn('journalctl', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let trouble = '';
  child.stderr.on('data', (chunk: Buffer) => (trouble += chunk.toString()));
  const ended = once(child, 'close') as Promise<[number | null]>;
  const onEntry = (text: string): void => onLine(lineOfEntry(text));
  await Promise.all([readLines(child.stdout, onEntry), ended]);
  const [code] = await ended;
  if (code !== 0) throw new Error(`journalctl: ${trouble.trim().split('\n', 1).join('')}`);
}

/** Our line as JSON: in a field of its own, or the message where the service wrote plain output. */
function lineOfEntry(text: string): string {
  try {
    const entry = JSON.parse(text) as Record<string, unknown>;
    return fieldText(entry[JSON_FIELD] ?? entry['MESSAGE']);
  } catch {
    return '';
  }
}

/** journalctl prints a value with unprintable characters as a list of bytes. */
function fieldText(value: unknown): string {
  if (typeof value === 'string') return value;
  return Array.isArray(value) ? Buffer.from(value as number[]).toString() : '';
}

async function readLines(stream: Readable, onLine: (line: string) => void): Promise<void> {
  for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) onLine(line);
}
