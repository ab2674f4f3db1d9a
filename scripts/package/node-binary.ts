/** Node in the versions that fedimg supports, from the packages that the npm package `node` installs. */

import { access, mkdir } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { run } from './run.js';

/** The oldest that fedimg accepts, the one before the recommended one, and the recommended one. */
export const NODE_VERSIONS = ['20.19', '22', '24'] as const;

/** The folder of the program `node` of that version; downloads it once into the user's cache. */
export async function nodeFolder(version: string): Promise<string> {
  const cache = process.env['XDG_CACHE_HOME'] ?? path.join(os.homedir(), '.cache');
  const folder = path.join(cache, 'fedimg', 'node', version);
  const name = `node-${process.platform}-${process.arch}`;
  const bin = path.join(folder, 'node_modules', name, 'bin');
  const isThere = await access(path.join(bin, 'node')).then(
    () => true,
    () => false,
  );
  if (isThere) return bin;
  await mkdir(folder, { recursive: true });
  const args = [
    'install',
    '--prefix',
    folder,
    '--no-save',
    '--no-package-lock',
    `${name}@${version}`,
  ];
  await run('npm', args, { cwd: folder });
  return bin;
}
