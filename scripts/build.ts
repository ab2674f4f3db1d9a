/** What `tsc` leaves undone: the workflow bundle, and the scripts that run on instances. */

import { cp, readdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

const path = (relative: string) => fileURLToPath(new URL(`../${relative}`, import.meta.url));

const { code } = await bundleWorkflowCode({
  workflowsPath: path('src/workflows/index.ts'),
  workflowInterceptorModules: [path('src/workflows/time-scale.ts')],
  logger: new DefaultLogger('WARN'),
});
await writeFile(path('dist/workflow-bundle.js'), code);

for (const file of await readdir(path('src/guest'))) {
  if (file.endsWith('.sh')) await cp(path(`src/guest/${file}`), path(`dist/guest/${file}`));
}

await cp(path('src/simulator/machine/guest'), path('dist/simulator/machine/guest'), {
  recursive: true,
});
