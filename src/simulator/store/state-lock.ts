/** Keeps two processes from writing one state directory. */

import fs from 'node:fs';
import path from 'node:path';

/** A process that was just killed takes a moment to die. */
const dyingMs = 3000;
const lookAgainMs = 20;

/** Takes the directory, or throws when a living process has it; answers the function that releases it. */
export function lockStateDirectory(directory: string): () => void {
  const file = path.join(directory, 'lock');
  const mine = `${process.pid} ${startOf(process.pid) ?? ''}`;
  const deadlineMs = Date.now() + dyingMs;
  for (;;) {
    try {
      fs.writeFileSync(file, mine, { flag: 'wx' });
      return () => fs.rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const [pid = '', start = ''] = fs.readFileSync(file, 'utf8').split(' ');
    if (isAlive(Number(pid), start)) {
      if (Number(pid) !== process.pid && Date.now() < deadlineMs) {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, lookAgainMs);
        continue;
      }
      throw new Error(
        `The local cloud's state directory ${directory} is in use by process ${pid}. Stop that process, or choose another directory.`,
      );
    }
    // Left by a process that was killed.
    fs.rmSync(file, { force: true });
  }
}

function isAlive(pid: number, start: string): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  // Process ids are used again; an id with a start time is unique.
  const begun = startOf(pid);
  return process.platform === 'linux' ? begun !== undefined && begun === start : true;
}

/** When the process began, in the kernel's ticks; undefined without /proc. */
function startOf(pid: number): string | undefined {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold blanks; the 22nd field is the 20th after it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie has ended; its parent has not read its status yet.
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
