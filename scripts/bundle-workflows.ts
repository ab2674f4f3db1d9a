/** The workflow bundle of the built worker: `npm run build` makes it, and a test run that finds it stale. */

import { createRequire } from 'node:module';
import { rename, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

const path = (relative: string): string =>
  fileURLToPath(new URL(`../${relative}`, import.meta.url));

export const WORKFLOW_BUNDLE = path('dist/workflow-bundle.js');
/** For workers that send traces; the other one has no line of OpenTelemetry. */
export const TRACED_BUNDLE = path('dist/workflow-bundle-traced.js');

const TRACING = createRequire(import.meta.url).resolve(
  '@temporalio/interceptors-opentelemetry/lib/workflow-interceptors.js',
);

/** Writes the bundle in one step: a reader never sees half of it. */
export async function bundleWorkflows(bundle: string = WORKFLOW_BUNDLE): Promise<void> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: path('src/workflows/index.ts'),
    workflowInterceptorModules: [
      path('src/workflows/time-scale.ts'),
      ...(bundle === TRACED_BUNDLE ? [TRACING] : []),
    ],
    logger: new DefaultLogger('WARN'),
  });
  const draft = `${bundle}.${process.pid}`;
  await writeFile(draft, code);
  await rename(draft, bundle);
}
