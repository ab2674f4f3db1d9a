/** `npm run package:try`: packs fedimg and runs `npx fedimg demo` from the package, in an empty folder with a new HOME. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packInto } from './package/pack.js';
import { tryPackage } from './package/try.js';

const folder = await mkdtemp(join(tmpdir(), 'fedimg-pack-'));
try {
  await tryPackage({ tarball: await packInto(folder) });
  console.log('The package works.');
} finally {
  await rm(folder, { recursive: true, force: true });
}
