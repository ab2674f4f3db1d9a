/** Files made by the system's xz, for tests. */
import { execFileSync } from 'node:child_process';

export const GIB = 1024 ** 3;

export function xz(raw: Buffer, ...options: string[]): Buffer {
  return execFileSync('xz', ['-c', ...options], { input: raw, maxBuffer: GIB });
}

/** Bytes that do not compress away, the same in every run. */
export function noise(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = 1;
  for (let at = 0; at < length; at += 1) {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    bytes[at] = state >> 16;
  }
  return bytes;
}
