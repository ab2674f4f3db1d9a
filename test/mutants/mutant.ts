/** A planted bug: one place in the sources, and what it becomes. */

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface Mutant {
  /** Unique; names what somebody forgot. */
  readonly name: string;
  /** The invariant that it breaks, `I1` to `I17`. */
  readonly invariant: string;
  readonly file: string;
  /** Stands exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  /** Test files (or folders) of which one must go red, the likeliest first. */
  readonly tests: readonly string[];
  /** Only tests whose titles match; all of the files by default. */
  readonly grep?: string;
}

/** Plants the bug in the tree at `root`; returns what takes it back. Throws when its place is not there once. */
export async function plant(root: string, mutant: Mutant): Promise<() => Promise<void>> {
  const path = join(root, mutant.file);
  const source = await readFile(path, 'utf8');
  const pieces = source.split(mutant.find);
  if (pieces.length !== 2) {
    throw new Error(
      `${mutant.name}: its place stands ${pieces.length - 1} times in ${mutant.file}; write the mutant anew: ${JSON.stringify(mutant.find)}`,
    );
  }
  await writeFile(path, pieces.join(mutant.replace));
  return () => writeFile(path, source);
}
