/** Writes the static catalogue into a folder: each file is replaced at once, and only files of the catalogue are touched. */

import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Lists what an earlier run wrote: only that is replaced or removed. */
const MANIFEST = '.fedimg-site.json';

/** A changed list must not lead out of the folder. */
const SITE_FILE = /^(?:(?:images|regions)\/)?[A-Za-z0-9_-][A-Za-z0-9._-]*$/;

export interface Written {
  readonly files: number;
  /** Files of an earlier catalogue that this one does not have. */
  readonly removed: number;
}

/** A file in the way that fedimg did not write. */
export class ForeignFileError extends Error {
  constructor(file: string) {
    super(`${file} is in the way, and fedimg did not write it`);
    this.name = 'ForeignFileError';
  }
}

/** A web server may serve the folder meanwhile: it always has whole files, and the entry page comes last. */
export async function writeSite(
  directory: string,
  files: ReadonlyMap<string, string>,
): Promise<Written> {
  await mkdir(directory, { recursive: true });
  const earlier = await readManifest(directory);
  for (const name of files.keys()) {
    const path = join(directory, name);
    if (!earlier.includes(name) && (await exists(path))) throw new ForeignFileError(path);
  }
  // First the list: after an interrupted run, the next one knows which files are the catalogue's.
  const names = [...files.keys()];
  await replace(join(directory, MANIFEST), manifestOf([...new Set([...earlier, ...names])]));
  for (const [name, text] of files) await replace(join(directory, name), text);
  const stale = earlier.filter((name) => !files.has(name));
  for (const name of stale) await rm(join(directory, name), { force: true });
  await replace(join(directory, MANIFEST), manifestOf(names));
  return { files: names.length, removed: stale.length };
}

async function replace(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const draft = join(dirname(path), `.${randomUUID()}.tmp`);
  try {
    await writeFile(draft, text, { mode: 0o644 });
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

function manifestOf(names: readonly string[]): string {
  return `${JSON.stringify({ files: [...names].sort() }, null, 2)}\n`;
}

async function readManifest(directory: string): Promise<string[]> {
  let text: string;
  try {
    text = await readFile(join(directory, MANIFEST), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  const { files } = JSON.parse(text) as { files?: unknown };
  const names = Array.isArray(files) ? (files as unknown[]) : [];
  return names.filter((name): name is string => typeof name === 'string' && SITE_FILE.test(name));
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return false;
    throw error;
  }
}
