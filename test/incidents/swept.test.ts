import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { imageProgressQuery, SWEEP_WORKFLOW, TIME_SCALE_MEMO } from '../../src/contract.js';
import type { ImageResult, Step } from '../../src/model/progress/progress.js';
import type { SweepReport } from '../../src/model/sweep/sweep.js';
import type { FaultRule, ListedResource } from '../../src/simulator/index.js';
import { assertNothingLeft } from '../support/expectations.js';
import type { LocalPublisher } from '../support/local-publisher.js';
import { withPublisher } from '../support/local-publisher.js';
import { callCount, oneImage } from '../support/one-image.js';
import { testTemporal } from '../support/temporal.js';
import { testedCloud, testedImage } from '../support/tested-cloud.js';
import { until } from '../support/until.js';
import { usePublisher } from '../support/use-publisher.js';

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

async function start(publisher: LocalPublisher, one = oneImage(publisher)): Promise<Run> {
  return publisher.publish((await one).request);
}

/** Behind its tests. */
function startTested(publisher: LocalPublisher): Promise<Run> {
  return start(publisher, testedImage(publisher));
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

interface Moment {
  readonly step: Step;
  readonly faults?: readonly Partial<FaultRule>[];
  /** The call after which the run is terminated, when the step alone is too early. */
  readonly after?: string;
}

const STUCK = { kind: 'stuck', forMs: 600_000, count: 0 } as const;
/** All before the copy, which comes after a reset. */
const MOMENTS: readonly Moment[] = [
  { step: 'utility', after: 'RunInstances', faults: [{ action: 'RunInstances', ...STUCK }] },
  { step: 'write', after: 'SendCommand' },
  { step: 'write', after: 'CreateSnapshot', faults: [{ action: 'CreateSnapshot', ...STUCK }] },
  { step: 'register', after: 'RegisterImage', faults: [{ action: 'RegisterImage', ...STUCK }] },
  { step: 'test' },
];

async function terminate(run: Pick<Run, 'terminate'>): Promise<void> {
  await run.terminate('an operator has pressed the wrong button');
}

describe('a run that is terminated', () => {
  const open = usePublisher({
    publish: PUBLISH,
    sweep: SWEEP,
    testScript: '#!/bin/bash\nsleep 600\n',
  });

  for (const { step, faults = [], after: action } of MOMENTS) {
    const when = `in ${step}${action === undefined ? '' : ` after ${action}`}`;
    it(`leaves nothing once it was swept: ${when}`, async () => {
      const publisher = open();
      await publisher.setFaults(faults);
      const before = action === undefined ? 0 : await callCount(publisher, action);
      const run = await start(publisher);
      await untilStep(run, step);
      if (action !== undefined) {
        await until(action, async () => (await callCount(publisher, action)) > before);
      }
      await until('something is there', async () => (await publisher.resources()).length > 0);
      await terminate(run);
      const report = await sweepAfterGrace(publisher);
      assert(report.removed.length > 0, 'the sweep has removed something');
      assert.deepEqual(report.left, []);
      assert.deepEqual(report.failedRegions, []);
      await assertNothingLeft(publisher);
    });
  }
});

const BEHIND_TESTS = { sweep: SWEEP, cloud: testedCloud };

describe('a run that is terminated behind its tests', () => {
  it('keeps what it has made public, and the sweep reports it as incomplete', async () => {
    await withPublisher({ ...BEHIND_TESTS, publish: PUBLISH }, async (publisher) => {
      await publisher.setFaults([
        { action: 'ModifyImageAttribute', region: 'eu-west-1', kind: 'throttle', count: 0 },
      ]);
      const run = await startTested(publisher);
      const isPublic = async (regionName: string) => {
        const all = await publisher.resources();
        const images = all.filter((one) => one.type === 'image' && one.region === regionName);
        return images.length > 0 && images.every((image) => image.public);
      };
      await until('public at home', () => isPublic('us-east-1'));
      await until('public in us-east-2', () => isPublic('us-east-2'));
      await terminate(run);
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

  it('in copy loses nothing to the sweep while a reset brings it back; terminated again it leaves nothing, although one region is dead for a while', async () => {
    // The sweep waits 30 seconds for the dead region.
    await withPublisher({ ...BEHIND_TESTS, publish: PUBLISH, scale: 0.1 }, async (publisher) => {
      await publisher.setFaults([{ action: 'CopySnapshot', ...STUCK }]);
      const run = await startTested(publisher);
      await until('copies to both regions', async () => (await copies(publisher)).size === 2);
      await terminate(run);
      await reset(run);
      const before = await publisher.resources();
      const report = await sweepAfterGrace(publisher);
      assert.deepEqual(report.removed, []);
      const ids = (list: readonly ListedResource[]) => list.map(({ id }) => id);
      const now = ids(await publisher.resources());
      assert(
        ids(before.filter(({ type }) => type === 'image')).every((id) => now.includes(id)),
        'its AMIs at home',
      );
      const { client } = await testTemporal();
      await terminate(client.workflow.getHandle(run.workflowId));
      await sweepGraceOver(publisher);
      await publisher.setFaults([
        { action: '*', region: 'eu-west-1', kind: 'error', status: 503, count: 0 },
      ]);
      const partly = await sweepAll(publisher, ['eu-west-1']);
      assert.deepEqual(
        partly.failedRegions.map(({ region }) => region),
        ['eu-west-1'],
      );
      const regions = new Set((await publisher.resources()).map(({ region }) => region));
      assert.deepEqual([...regions], ['eu-west-1']);
      await publisher.setFaults([]);
      await sweepAll(publisher);
      await assertNothingLeft(publisher);
    });
  });
});

/** The regions that a snapshot copy is in. */
async function copies(publisher: LocalPublisher): Promise<Set<string>> {
  const snapshots = await publisher.cloud.resources('snapshot');
  return new Set(
    snapshots.filter(({ region }) => region !== 'us-east-1').map(({ region }) => region),
  );
}

/** As an operator resets in the Temporal UI: to the last workflow task. */
async function reset(run: Run): Promise<void> {
  const { client } = await testTemporal();
  const { runId } = await run.describe();
  await client.workflowService.resetWorkflowExecution({
    namespace: client.options.namespace,
    workflowExecution: { workflowId: run.workflowId, runId },
    reason: 'it goes on',
    requestId: randomUUID(),
    workflowTaskFinishEventId: (await lastTask(run, runId)) as never,
  });
}

async function lastTask(run: Run, runId: string): Promise<number> {
  const { client } = await testTemporal();
  const { events } = await client.workflow.getHandle(run.workflowId, runId).fetchHistory();
  const done = (events ?? []).filter((event) => event.workflowTaskCompletedEventAttributes);
  return Number(done.at(-1)?.eventId);
}

describe('a run that succeeded', () => {
  it('keeps its private AMIs for ever, also when Temporal has forgotten it', async () => {
    const options = { ...BEHIND_TESTS, publish: [...PUBLISH, 'public = false'] };
    await withPublisher(options, async (publisher) => {
      const run = await startTested(publisher);
      const result = await run.result();
      const made = result.amis.flatMap(({ ami, snapshot }) => [ami ?? [], snapshot ?? []].flat());
      assert(made.length > 4, String(made.length));
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
      assert(
        (await publisher.resources()).every((resource) => !resource.public),
        'a resource is public',
      );
    });
  });
});

async function sweepGraceOver(publisher: LocalPublisher): Promise<void> {
  publisher.clock.advance(GRACE_MS);
  await until('grace is over', () => isGraceOver(publisher));
}
