/** The workflow bundle of the built worker: `npm run build` makes it, and a test run that finds it stale. */

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
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

/** What a bundle is made from: workflows may import only these (eslint.config.js). */
const SOURCES = ['src/contract.ts', 'src/model', 'src/workflows', 'scripts/bundle-workflows.ts'];
/** npm writes it at each installation. */
const INSTALLED = 'node_modules/.package-lock.json';

/** Makes the bundle, unless it was made from exactly these sources and packages. Returns its path. */
export async function freshBundle(bundle: string = WORKFLOW_BUNDLE): Promise<string> {
  const inputs = await hashOfInputs();
  const note = join(dirname(bundle), `.${basename(bundle)}.inputs`);
  if (existsSync(bundle) && (await readFile(note, 'utf8').catch(() => '')) === inputs) {
    return bundle;
  }
  await mkdir(dirname(bundle), { recursive: true });
  await bundleWorkflows(bundle);
  await replace(note, inputs);
  return bundle;
}

async function bundleWorkflows(bundle: string): Promise<void> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: path('src/workflows/index.ts'),
    workflowInterceptorModules: [
      path('src/workflows/time-scale.ts'),
      ...(bundle === TRACED_BUNDLE ? [TRACING] : []),
    ],
    logger: new DefaultLogger('WARN'),
  });
  await replace(bundle, code);
}

/** In one step: a reader never sees half of it. */
async function replace(file: string, text: string): Promise<void> {
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, text);
  await rename(draft, file);
}

/** By content: times of files change when a tree is copied. */
async function hashOfInputs(): Promise<string> {
  const hash = createHash('sha256');
  for (const source of SOURCES) {
    const files = source.endsWith('.ts') ? [source] : await filesBelow(source);
    for (const file of files) hash.update(`${file}\0`).update(await readFile(path(file)));
  }
  // A package may be installed in a folder above this one.
  hash.update(await readFile(path(INSTALLED)).catch(() => ''));
  return hash.digest('hex');
}

async function filesBelow(folder: string): Promise<string[]> {
  const names = await readdir(path(folder), { recursive: true });
  return names
    .filter((name) => name.endsWith('.ts'))
    .sort()
    .map((name) => `${folder}/${name}`);
}
