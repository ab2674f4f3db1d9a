import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { imageProgressQuery, SWEEP_WORKFLOW, TIME_SCALE_MEMO } from '../../src/contract.js';
import type { ImageRequest } from '../../src/model/plan/plan.js';
import type { ImageResult, Step } from '../../src/model/progress/progress.js';
import type { SweepReport } from '../../src/model/sweep/sweep.js';
import type { FaultRule, ListedResource } from '../../src/simulator/index.js';
import { assertNothingLeft } from '../support/expectations.js';
import type { LocalPublisher, PublisherOptions } from '../support/local-publisher.js';
import { withPublisher } from '../support/local-publisher.js';
import { testTemporal } from '../support/temporal.js';
import { until } from '../support/until.js';

const SWEEP = ['grace = "1m"'];
const GRACE_MS = 60_000;
const PUBLISH = ['regions = ["us-east-1", "eu-west-1", "us-east-2"]'];

type Run = WorkflowHandle<() => Promise<ImageResult>>;

async function sweepOnce(publisher: LocalPublisher, dryRun = false): Promise<SweepReport> {
  const { client } = await testTemporal();
  const handle = await client.workflow.start(SWEEP_WORKFLOW, {
    workflowId: `sweep/test/${randomUUID()}`,
    taskQueue: publisher.taskQueue,
    memo: { [TIME_SCALE_MEMO]: 0.2 },
    args: [{ deployment: 'test', dryRun }],
  });
  return (await handle.result()) as SweepReport;
}

/** A sweep that finds everything older than the grace period. */
async function sweepAfterGrace(publisher: LocalPublisher): Promise<SweepReport> {
  await sweepGraceOver(publisher);
  return sweepAll(publisher);
}

/** Sweeps until all regions but the dead ones have answered in time: what was removed meanwhile, and what is left. */
async function sweepAll(
  publisher: LocalPublisher,
  dead: readonly string[] = [],
): Promise<SweepReport> {
  const removed: SweepReport['removed'][number][] = [];
  for (;;) {
    const report = await sweepOnce(publisher);
    removed.push(...report.removed);
    if (report.failedRegions.every(({ region }) => dead.includes(region)))
      return { ...report, removed };
  }
}

async function isGraceOver(publisher: LocalPublisher): Promise<boolean> {
  const { kept, failedRegions } = await sweepOnce(publisher, true);
  // Of a region that had no time to answer nothing is known.
  if (failedRegions.length > 0) return false;
  return !kept.some(({ code }) => code === 'young' || code === 'closed-lately');
}

async function start(publisher: LocalPublisher): Promise<{ run: Run; request: ImageRequest }> {
  const compose = await publisher.compose({ architectures: ['x86_64'] });
  const [image] = compose.images;
  assert(image);
  const { composeId } = compose;
  const request: ImageRequest = { composeId, release: '43', image: { ...image, arch: 'x86_64' } };
  return { run: await publisher.publish(request), request };
}

async function untilStep(run: Run, step: Step): Promise<void> {
  await until(`the step ${step}`, async () => {
    try {
      return (await run.query(imageProgressQuery)).steps[step].state === 'running';
    } catch {
      // Its first task is not done yet.
      return false;
    }
  });
}

function called(publisher: LocalPublisher, action: string): Promise<boolean> {
  return publisher.calls().then((calls) => calls.some((call) => call.action === action));
}

interface Moment {
  readonly step: Step;
  readonly options?: PublisherOptions;
  readonly faults?: readonly Partial<FaultRule>[];
  /** The call after which the run is terminated, when the step alone is too early. */
  readonly after?: string;
}

const STUCK = { kind: 'stuck', forMs: 600_000, count: 0 } as const;
const MOMENTS: readonly Moment[] = [
  { step: 'utility', after: 'RunInstances', faults: [{ action: 'RunInstances', ...STUCK }] },
  { step: 'write', after: 'SendCommand' },
  { step: 'write', after: 'CreateSnapshot', faults: [{ action: 'CreateSnapshot', ...STUCK }] },
  { step: 'register', after: 'RegisterImage', faults: [{ action: 'RegisterImage', ...STUCK }] },
  { step: 'test', options: { testScript: '#!/bin/bash\nsleep 600\n' } },
  { step: 'copy', after: 'CopySnapshot', faults: [{ action: 'CopySnapshot', ...STUCK }] },
];

describe('a run that is terminated', () => {
  for (const { step, options, faults, after } of MOMENTS) {
    const when = `in ${step}${after === undefined ? '' : ` after ${after}`}`;
    it(`leaves nothing once it was swept: ${when}`, async () => {
      await withPublisher({ publish: PUBLISH, sweep: SWEEP, ...options }, async (publisher) => {
        await publisher.setFaults(faults ?? []);
        const { run } = await start(publisher);
        await untilStep(run, step);
        if (after !== undefined) await until(after, () => called(publisher, after));
        await until('something is there', async () => (await publisher.resources()).length > 0);
        await run.terminate('an operator has pressed the wrong button');
        const report = await sweepAfterGrace(publisher);
        assert(report.removed.length > 0);
        assert.deepEqual(report.left, []);
        assert.deepEqual(report.failedRegions, []);
        await assertNothingLeft(publisher);
      });
    });
  }

  it('keeps what it has made public, and the sweep reports it as incomplete', async () => {
    await withPublisher({ publish: PUBLISH, sweep: SWEEP }, async (publisher) => {
      await publisher.setFaults([
        { action: 'ModifyImageAttribute', region: 'eu-west-1', kind: 'throttle', count: 0 },
      ]);
      const { run } = await start(publisher);
      const isPublic = async (regionName: string) => {
        const all = await publisher.resources();
        const images = all.filter((one) => one.type === 'image' && one.region === regionName);
        return images.length > 0 && images.every((image) => image.public);
      };
      await until('public at home', () => isPublic('us-east-1'));
      await until('public in us-east-2', () => isPublic('us-east-2'));
      await run.terminate('an operator has pressed the wrong button');
      const report = await sweepAfterGrace(publisher);
      const alive = await publisher.resources();
      assert(
        alive.every((resource) => resource.public),
        'what is public, and nothing else',
      );
      const images = alive.filter(({ type }) => type === 'image');
      assert.equal(images.filter(({ region }) => region === 'us-east-1').length, 4);
      assert.equal(images.filter(({ region }) => region === 'eu-west-1').length, 0);
      const unreconciled = report.unreconciled.map(({ workflow, region }) => [workflow, region]);
      assert.deepEqual(unreconciled.sort(), [
        [run.workflowId, 'us-east-1'],
        [run.workflowId, 'us-east-2'],
      ]);
    });
  });

  it('loses nothing to the sweep while a reset brings it back', async () => {
    await withPublisher({ publish: PUBLISH, sweep: SWEEP }, async (publisher) => {
      await publisher.setFaults([{ action: 'CopySnapshot', ...STUCK }]);
      const { run } = await start(publisher);
      await until('a copy', () => called(publisher, 'CopySnapshot'));
      await run.terminate('an operator has pressed the wrong button');
      const { client } = await testTemporal();
      const { runId } = await run.describe();
      await client.workflowService.resetWorkflowExecution({
        namespace: client.options.namespace,
        workflowExecution: { workflowId: run.workflowId, runId },
        reason: 'it goes on',
        requestId: randomUUID(),
        workflowTaskFinishEventId: (await lastTask(run, runId)) as never,
      });
      const before = await publisher.resources();
      const report = await sweepAfterGrace(publisher);
      assert.deepEqual(report.removed, []);
      const ids = (list: readonly ListedResource[]) => list.map(({ id }) => id);
      const now = ids(await publisher.resources());
      assert(
        ids(before.filter(({ type }) => type === 'image')).every((id) => now.includes(id)),
        'its AMIs at home',
      );
      await client.workflow.getHandle(run.workflowId).terminate('the test is over');
    });
  });
});

async function lastTask(run: Run, runId: string): Promise<number> {
  const { client } = await testTemporal();
  const { events } = await client.workflow.getHandle(run.workflowId, runId).fetchHistory();
  const done = (events ?? []).filter((event) => event.workflowTaskCompletedEventAttributes);
  return Number(done.at(-1)?.eventId);
}

describe('a run that succeeded', () => {
  it('keeps its private AMIs for ever, also when Temporal has forgotten it', async () => {
    const options = { publish: [...PUBLISH, 'public = false'], sweep: SWEEP };
    await withPublisher(options, async (publisher) => {
      const { run } = await start(publisher);
      const result = await run.result();
      const made = result.amis.flatMap(({ ami, snapshot }) => [ami ?? [], snapshot ?? []].flat());
      assert(made.length > 4);
      await sweepAfterGrace(publisher);
      const { client } = await testTemporal();
      await client.workflowService.deleteWorkflowExecution({
        namespace: client.options.namespace,
        workflowExecution: { workflowId: run.workflowId },
      });
      await until('the history is gone', () =>
        run.describe().then(
          () => false,
          () => true,
        ),
      );
      const { removed } = await sweepAfterGrace(publisher);
      assert.deepEqual(removed, []);
      const alive = new Set((await publisher.resources()).map(({ id }) => id));
      for (const id of made) assert(alive.has(id), id);
      assert((await publisher.resources()).every((resource) => !resource.public));
    });
  });
});

describe('a sweep', () => {
  it('removes the strays of all other regions when one region is dead, and that one’s when it is back', async () => {
    // The sweep waits 30 seconds for the dead region.
    await withPublisher({ publish: PUBLISH, sweep: SWEEP, scale: 0.1 }, async (publisher) => {
      await publisher.setFaults([{ action: 'ModifyImageAttribute', kind: 'throttle', count: 0 }]);
      const { run } = await start(publisher);
      await until('AMIs everywhere', async () => {
        const all = await publisher.resources();
        return ['us-east-1', 'eu-west-1', 'us-east-2'].every((regionName) =>
          all.some((one) => one.type === 'image' && one.region === regionName),
        );
      });
      await run.terminate('an operator has pressed the wrong button');
      await sweepGraceOver(publisher);
      await publisher.setFaults([
        { action: '*', region: 'eu-west-1', kind: 'error', status: 503, count: 0 },
      ]);
      const report = await sweepAll(publisher, ['eu-west-1']);
      assert.deepEqual(
        report.failedRegions.map(({ region }) => region),
        ['eu-west-1'],
      );
      const regions = new Set(
        (await publisher.resources()).filter((one) => !one.public).map(({ region }) => region),
      );
      assert.deepEqual([...regions], ['eu-west-1']);
      await publisher.setFaults([]);
      await sweepAll(publisher);
      assert((await publisher.resources()).every((one) => one.public));
    });
  });
});

async function sweepGraceOver(publisher: LocalPublisher): Promise<void> {
  publisher.clock.advance(GRACE_MS);
  await until('grace is over', () => isGraceOver(publisher));
}
