/** The package as users get it. */

import { execFile } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Builds, packs into `folder`, and returns the file. */
export async function packInto(folder: string): Promise<string> {
  const args = ['pack', '--json', '--pack-destination', folder];
  const { stdout } = await promisify(execFile)('npm', args, { cwd: ROOT, maxBuffer: 2 ** 26 });
  // Scripts of the package print before the JSON.
  const text = stdout.slice(stdout.search(/^[[{]/m));
  const answer = JSON.parse(text) as unknown;
  const [first] = (Array.isArray(answer) ? answer : Object.values(answer as object)) as {
    readonly filename: string;
  }[];
  if (first === undefined) throw new Error(`npm pack printed no file: ${stdout}`);
  return path.join(folder, first.filename);
}
