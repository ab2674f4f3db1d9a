/** What `tsc` leaves undone: the workflow bundle, the scripts that run on instances, and the files of the pages. */

import { cp, readdir, utimes } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { freshBundle, TRACED_BUNDLE } from './bundle-workflows.js';

const path = (relative: string) => fileURLToPath(new URL(`../${relative}`, import.meta.url));

await freshBundle();
await freshBundle(TRACED_BUNDLE);

for (const file of await readdir(path('src/guest'))) {
  if (/\.(sh|asc)$/.test(file)) await cp(path(`src/guest/${file}`), path(`dist/guest/${file}`));
}

await cp(path('src/simulator/machine/guest'), path('dist/simulator/machine/guest'), {
  recursive: true,
});

await cp(path('src/dashboard/static'), path('dist/dashboard/static'), { recursive: true });

// `tsc` leaves the file alone when only other sources have changed; its time says when `dist` was built.
const now = new Date();
await utimes(path('dist/.tsbuildinfo'), now, now);
