/** A lock on a folder that ends with the process that holds it, however that process ends. */
import { randomUUID } from 'node:crypto';
import { link, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

const attemptsMax = 100;
const released = '0\n';

/**
 * The files are `lock.1`, `lock.2` and so on. Each holds a process id, and the highest number counts. A
 * process that finds the holder dead makes the next number; only one process can. The highest file is
 * never removed, so a slower process cannot remove the lock of a faster one. Returns the function that
 * releases the lock, safe to repeat. Throws when a live process holds it.
 */
export async function takeRunLock(directory: string): Promise<() => Promise<void>> {
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    const highest = (await lockNumbers(directory)).at(-1) ?? 0;
    const holder = await holderOf(lockFile(directory, highest));
    if (isAlive(holder)) {
      throw new Error(
        `Process ${holder} uses the folder ${directory}. End that process first, or choose ` +
          `another folder. If it is not a fedimg process, remove ${lockFile(directory, highest)}.`,
      );
    }
    const mine = highest + 1;
    if (!(await makeLock(directory, mine))) continue;
    const numbers = await lockNumbers(directory);
    if (numbers.at(-1) !== mine) {
      // Other processes took two locks since the list was read, and removed the number that we made.
      await rm(lockFile(directory, mine), { force: true });
      continue;
    }
    for (const older of numbers.slice(0, -1)) await rm(lockFile(directory, older), { force: true });
    let release: Promise<void> | undefined;
    return () => (release ??= replaceLock(directory, mine));
  }
  throw new Error(
    `${directory} cannot be locked: other processes take the lock each time. End them and try again.`,
  );
}

function lockFile(directory: string, number: number): string {
  return path.join(directory, `lock.${number}`);
}

async function lockNumbers(directory: string): Promise<number[]> {
  const numbers = (await readdir(directory)).flatMap((name) => {
    const number = /^lock\.(\d{1,9})$/.exec(name)?.[1];
    return number === undefined ? [] : [Number(number)];
  });
  return numbers.sort((one, other) => one - other);
}

/** False when the lock exists already. Made by a link, so the file always has its content. */
async function makeLock(directory: string, number: number): Promise<boolean> {
  const draft = await writeDraft(directory, `${process.pid}\n`);
  try {
    await link(draft, lockFile(directory, number));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function replaceLock(directory: string, number: number): Promise<void> {
  await rename(await writeDraft(directory, released), lockFile(directory, number));
}

async function writeDraft(directory: string, content: string): Promise<string> {
  const draft = path.join(directory, `.lock-${randomUUID()}`);
  await writeFile(draft, content, { mode: 0o600 });
  return draft;
}

async function holderOf(file: string): Promise<number> {
  try {
    return Number.parseInt(await readFile(file, 'utf8'), 10);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
