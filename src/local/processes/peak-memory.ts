/** How much memory another process has used. */

import { readFile } from 'node:fs/promises';

/** The peak of the resident set in bytes; undefined where the kernel does not report it. */
export async function peakMemoryBytes(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kib = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return kib === undefined ? undefined : Number(kib) * 1024;
}
