import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { WorkflowFailedError } from '@temporalio/client';
import type { Activities } from '../../src/activities/activities.js';
import type { FoundStrays } from '../../src/activities/shapes/removal.js';
import { SWEEP_WORKFLOW } from '../../src/contract.js';
import type { ResourceType, SweepItem, SweepReport } from '../../src/model/sweep/sweep.js';
import { fakeActivities, finalFailure } from '../support/fake-activities.js';
import { TEST_INSTALLATION } from '../support/images.js';
import { withWorker } from '../support/workflow-worker.js';

function stray(regionName: string, type: ResourceType, id: string): SweepItem {
  return {
    region: regionName,
    type,
    id,
    createdAt: '2026-01-01T00:00:00.000Z',
    ageSeconds: 3600,
    workflow: 'image/a',
    run: 'run-a',
    code: 'run-closed',
    reason: 'its run is closed (terminated) and does not list it',
  };
}

function found(strays: readonly SweepItem[], overrides: Partial<FoundStrays> = {}): FoundStrays {
  return { strays, more: 0, kept: [], keptCount: 0, unreconciled: [], others: [], ...overrides };
}

function strayOfEach(regionName: string): SweepItem[] {
  const types = ['instance', 'volume', 'image', 'snapshot'] as const;
  return types.map((type) => stray(regionName, type, `${type}-${regionName}`));
}

async function sweep(
  overrides: Partial<Activities>,
  options: { readonly dryRun?: boolean } = {},
): Promise<{ report: SweepReport; calls: string[]; details: string }> {
  const fake = fakeActivities(overrides);
  return withWorker(fake.activities, async ({ client, taskQueue }) => {
    const workflowId = `sweep/test-${randomUUID()}`;
    const handle = await client.workflow.start<(input: unknown) => Promise<SweepReport>>(
      SWEEP_WORKFLOW,
      { workflowId, taskQueue, args: [{ deployment: 'test', dryRun: options.dryRun ?? false }] },
    );
    const report = await handle.result();
    return { report, calls: fake.calls, details: await detailsOf(client, workflowId) };
  });
}

async function detailsOf(client: Client, workflowId: string): Promise<string> {
  const handle = client.workflow.getHandle(workflowId);
  const metadata = await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
  return metadata.currentDetails ?? '';
}

describe('sweep', () => {
  it('removes what it found in each region, and shows it in the Temporal UI', async () => {
    const { report, calls, details } = await sweep({
      findStrays: ({ regionName: region }) =>
        Promise.resolve(found(strayOfEach(region), { keptCount: 3 })),
    });
    assert.equal(report.removed.length, 8);
    assert.equal(report.keptCount, 6);
    assert.deepEqual(report.failedRegions, []);
    assert(
      calls.includes('removeStrays us-east-1') && calls.includes('removeStrays eu-west-1'),
      calls.join('\n'),
    );
    assert.match(details, /8 removed, 0 left, 6 kept/);
    assert.match(details, /\| us-east-1 \| instance \| instance-us-east-1 \| image\/a \|/);
  });

  it('removes nothing in a dry run', async () => {
    const { report, calls } = await sweep(
      { findStrays: ({ regionName: region }) => Promise.resolve(found(strayOfEach(region))) },
      { dryRun: true },
    );
    assert.equal(report.removed.length, 8);
    assert(report.dryRun, 'report.dryRun is false');
    assert(!calls.some((call) => call.startsWith('removeStrays')), calls.join(' '));
  });

  it('asks for no removal where there is nothing to remove', async () => {
    const { calls } = await sweep({
      findStrays: ({ regionName: region }) =>
        Promise.resolve(found(region === 'eu-west-1' ? strayOfEach(region) : [])),
    });
    assert(!calls.includes('removeStrays us-east-1'), calls.join('\n'));
    assert(calls.includes('removeStrays eu-west-1'), calls.join('\n'));
  });

  it('sweeps the other regions when one fails, and reports which one and why', async () => {
    const { report } = await sweep({
      findStrays: ({ regionName: region }) =>
        region === 'us-east-1'
          ? Promise.reject(finalFailure('AuthFailure: the region is not enabled'))
          : Promise.resolve(found(strayOfEach(region))),
    });
    assert.deepEqual(report.failedRegions, [
      { region: 'us-east-1', reason: 'AuthFailure: the region is not enabled' },
    ]);
    assert(
      report.removed.every(({ region }) => region === 'eu-west-1'),
      JSON.stringify(report.removed),
    );
    assert.equal(report.removed.length, 4);
  });

  it('gives up a region that never answers after the time in the plan', async () => {
    const { report } = await sweep({
      planSweep: () =>
        Promise.resolve({
          installation: TEST_INSTALLATION,
          regions: ['us-east-1', 'eu-west-1'],
          graceMs: 0,
          maxRemovals: 10,
          regionPatienceMs: 6_000,
        }),
      findStrays: ({ regionName: region }) =>
        region === 'us-east-1'
          ? Promise.reject(new Error('no answer'))
          : Promise.resolve(found(strayOfEach(region))),
    });
    assert.deepEqual(
      report.failedRegions.map(({ region }) => region),
      ['us-east-1'],
    );
    assert.equal(report.removed.length, 4);
  });

  it('keeps to the limit of one sweep over all regions, and removes machines first', async () => {
    const asked: SweepItem[] = [];
    const { report } = await sweep({
      planSweep: () =>
        Promise.resolve({
          installation: TEST_INSTALLATION,
          regions: ['us-east-1', 'eu-west-1'],
          graceMs: 0,
          maxRemovals: 3,
          regionPatienceMs: 600_000,
        }),
      findStrays: ({ regionName: region }) =>
        Promise.resolve(found(strayOfEach(region), { more: 2 })),
      removeStrays: ({ strays }) => {
        asked.push(...strays);
        return Promise.resolve({ removed: strays, left: [] });
      },
    });
    assert.equal(asked.length, 3);
    assert.equal(asked.filter(({ type }) => type === 'instance').length, 2);
    assert.equal(asked.filter(({ type }) => type === 'volume').length, 1);
    assert.equal(report.waiting, 8 - 3 + 4);
  });

  it('fails on a worker of another deployment', async () => {
    const refused = finalFailure('a sweep of deployment staging came to a worker of test');
    await assert.rejects(
      sweep({ planSweep: () => Promise.reject(refused) }),
      (error) => error instanceof WorkflowFailedError,
    );
  });
});
