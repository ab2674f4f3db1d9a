/** A lock on a folder that ends with the process that holds it, however that process ends. */
import { randomUUID } from 'node:crypto';
import { link, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

const attemptsMax = 100;
const nobody = '0\n';

/**
 * The files are `lock.1`, `lock.2` and so on, with the holder's process id in them, and the highest one
 * counts. Whoever finds its holder dead makes the next one, which only one can, and the highest is never
 * removed: so nobody can take away the lock of another one who was faster. Returns the function that
 * releases it, safe to repeat; throws when a live process holds it.
 */
export async function takeRunLock(directory: string): Promise<() => Promise<void>> {
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    const highest = (await lockNumbers(directory)).at(-1) ?? 0;
    const holder = await holderOf(lockFile(directory, highest));
    if (isAlive(holder)) {
      throw new Error(
        `The folder ${directory} is in use by process ${holder}. End that one first, or choose ` +
          `another folder. If it is no fedimg, remove ${lockFile(directory, highest)}.`,
      );
    }
    const mine = highest + 1;
    if (!(await makeLock(directory, mine))) continue;
    const numbers = await lockNumbers(directory);
    if (numbers.at(-1) !== mine) {
      // Others were here twice since the list was read, and removed the number that is now ours again.
      await rm(lockFile(directory, mine), { force: true });
      continue;
    }
    for (const older of numbers.slice(0, -1)) await rm(lockFile(directory, older), { force: true });
    let release: Promise<void> | undefined;
    return () => (release ??= replaceLock(directory, mine));
  }
  throw new Error(`${directory} cannot be locked: others take the lock again and again.`);
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

/** False when the lock is there already. By a link: it never exists without its content. */
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
  await rename(await writeDraft(directory, nobody), lockFile(directory, number));
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
