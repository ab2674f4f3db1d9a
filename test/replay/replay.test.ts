import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import type { WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { testBundle } from '../support/workflow-worker.js';

const folder = new URL('./histories/', import.meta.url);

async function history(name: string): Promise<unknown> {
  return JSON.parse(await readFile(new URL(name, folder), 'utf8')) as unknown;
}

async function replay(bundle: WorkflowBundleWithSourceMap, name: string): Promise<void> {
  await Worker.runReplayHistory({ workflowBundle: bundle }, await history(name));
}

const names = (await readdir(folder)).filter((name) => name.endsWith('.json'));

describe('a run that an older worker began', () => {
  it('is there to be replayed', () => {
    assert(names.length >= 6, names.join(' '));
  });

  for (const name of names) {
    it(`goes on with this code: ${name}`, async () => {
      await replay(await testBundle(), name);
    });
  }

  it('would be found out if a workflow no longer took the recorded way', async () => {
    const broken = await bundleWorkflowCode({
      workflowsPath: fileURLToPath(new URL('./broken-workflow.ts', import.meta.url)),
      logger: new DefaultLogger('ERROR'),
    });
    await assert.rejects(replay(broken, 'image-published-x86_64.json'), DeterminismViolationError);
  });
});
