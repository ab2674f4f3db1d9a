/** Where a sparse file has data. Node has no SEEK_DATA; GNU tar has, and writes what it finds into its header. */

import { spawn } from 'node:child_process';
import path from 'node:path';

export interface DataRange {
  readonly offset: number;
  readonly length: number;
}

const headerBytes = 512;
/** GNU tar manual, "PAX Format, Version 0.1": the map is one record of the extended header, which comes first. */
const sparse = ['--format=posix', '-S', '--sparse-version=0.1', '--hole-detection=seek'];

/** Undefined where there is no GNU tar, or the file has no hole: all of it may be data. */
export function dataRanges(file: string): Promise<readonly DataRange[] | undefined> {
  return new Promise((resolve) => {
    const place = ['-C', path.dirname(file), '--', path.basename(file)];
    const child = spawn('tar', [...sparse, '-cf', '-', ...place], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let head = Buffer.alloc(0);
    child.stdout.on('data', (chunk: Buffer) => {
      head = Buffer.concat([head, chunk]);
      if (head.length >= endOfHeader(head)) child.kill('SIGKILL');
    });
    child.once('error', () => resolve(undefined));
    child.once('close', () => resolve(readMap(head)));
  });
}

/** Of the extended header, whose own header holds its length in octal. */
function endOfHeader(head: Buffer): number {
  if (head.length < headerBytes) return headerBytes;
  const length = Number.parseInt(head.toString('latin1', 124, 136), 8);
  return headerBytes + (Number.isNaN(length) ? 0 : length);
}

function readMap(head: Buffer): readonly DataRange[] | undefined {
  const records = head.toString('latin1', headerBytes, endOfHeader(head));
  const numbers = /GNU\.sparse\.map=([\d,]+)\n/.exec(records)?.[1]?.split(',').map(Number);
  if (numbers === undefined) return undefined;
  const ranges: DataRange[] = [];
  for (let at = 0; at + 1 < numbers.length; at += 2) {
    ranges.push({ offset: numbers[at] ?? 0, length: numbers[at + 1] ?? 0 });
  }
  return ranges.filter(({ length }) => length > 0);
}
