/** The workflow bundle of the built worker: `npm run build` makes it, and a test run that finds it stale. */

import { rename, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

const path = (relative: string): string =>
  fileURLToPath(new URL(`../${relative}`, import.meta.url));

export const WORKFLOW_BUNDLE = path('dist/workflow-bundle.js');

/** Writes the bundle in one step: a reader never sees half of it. */
export async function bundleWorkflows(): Promise<void> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: path('src/workflows/index.ts'),
    workflowInterceptorModules: [path('src/workflows/time-scale.ts')],
    logger: new DefaultLogger('WARN'),
  });
  const draft = `${WORKFLOW_BUNDLE}.${process.pid}`;
  await writeFile(draft, code);
  await rename(draft, WORKFLOW_BUNDLE);
}
