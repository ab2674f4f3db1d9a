import assert from 'node:assert/strict';
import { actOnImages } from '../../src/client/operator.js';
import { ClientError } from '../../src/client/errors.js';
import { cancelPublication } from '../../src/client/cancel.js';
import { retryPublication } from '../../src/client/retry.js';
import { signalCompose, startImage } from '../../src/client/start.js';
import type { ImageStatus } from '../../src/client/status.js';
import { readStatus } from '../../src/client/status.js';
import type { PlanInput } from '../../src/activities/shapes/image.js';
import type { ImagePlan } from '../../src/model/plan/plan.js';
import type { FakeActivities } from '../support/fake-activities.js';
import { composeOf, fakeActivities, finalFailure, registered } from '../support/fake-activities.js';
import { somePlan } from '../support/images.js';
import { until } from '../support/until.js';
import { withWorker } from '../support/workflow-worker.js';
import { byHand, finishedMessage, imageOf, someComposeId, useSession } from './client-fixture.js';

const BY = { by: 'ann@desk', reason: 'the quota is raised' };
const SICK = 'sa-east-1';

/** A cloud whose sick region refuses until it is repaired; the plan knows what is published, as the real one does. */
function sickCloud(overrides: Partial<ImagePlan> = {}): {
  readonly fake: FakeActivities;
  readonly plans: readonly PlanInput[];
  readonly repair: () => void;
} {
  let isSick = true;
  const plans: PlanInput[] = [];
  const published = new Set<string>();
  const fake = fakeActivities({
    planImage: (input) => {
      plans.push(input);
      const { request, workflowId, runId } = input;
      const plan = somePlan(request, { workflowId, runId }, overrides);
      const all = [plan.home, ...plan.copies];
      const isThere = (name: string) => published.has(`${request.image.name} ${name}`);
      if (!isThere(plan.homeRegion)) return Promise.resolve(plan);
      const there = all.filter(({ regionName }) => isThere(regionName));
      const missing = all.map(({ regionName }) => regionName).filter((name) => !isThere(name));
      const source = { regionName: 'us-east-1', snapshot: 'snap-home', rawSha256: 'b'.repeat(64) };
      return Promise.resolve({
        ...plan,
        published: there.flatMap((region) => registered(region, `snap-${region.regionName}`)),
        ...(missing.length === 0 ? {} : { completion: { source, tests: [], regions: missing } }),
      });
    },
    copyToRegion: ({ regionPlan }) =>
      isSick && regionPlan.regionName === SICK
        ? Promise.reject(finalFailure('the quota is used up'))
        : Promise.resolve(registered(regionPlan, `snap-${regionPlan.regionName}`)),
    publishRegion: ({ origin, regionName }) => {
      published.add(`${origin.image} ${regionName}`);
      return Promise.resolve();
    },
  });
  return { fake, plans, repair: () => (isSick = false) };
}

describe('fedimg retry', () => {
  const session = useSession();
  const outcomeOf = async (workflowId: string): Promise<string> => {
    let outcome = 'running';
    await until(`${workflowId} is closed`, async () => {
      ({ outcome } = await readStatus(session(), { workflowId }));
      return outcome !== 'running';
    });
    return outcome;
  };

  it('completes a closed image by a new run that only adds what is missing', async () => {
    const { fake, plans, repair } = sickCloud();
    await withWorker(fake.activities, async ({ taskQueue }) => {
      const options = { taskQueue, operator: BY, regions: [SICK] };
      const { workflowId, runId } = await startImage(session(), byHand(), { taskQueue });
      assert.equal(await outcomeOf(workflowId), 'partly-published');
      const other = { ...options, regions: ['eu-west-1'] };
      await assert.rejects(retryPublication(session(), workflowId, other), /is complete already/);
      const unknown = { ...options, regions: ['mars-north-1'] };
      await assert.rejects(retryPublication(session(), workflowId, unknown), /is not a region of/);
      repair();
      const { started } = await retryPublication(session(), workflowId, options);
      assert.deepEqual(
        started.map((one) => [one.workflowId, one.state]),
        [[workflowId, 'started']],
      );
      assert.equal(await outcomeOf(workflowId), 'published');
      assert.deepEqual(plans.at(-1)?.complete, { of: runId, regions: [SICK], ...BY });
      const status = (await readStatus(session(), { workflowId })) as ImageStatus;
      assert.deepEqual(
        status.result?.acts?.map(({ by, reason }) => [by, reason]),
        [[BY.by, BY.reason]],
      );
      const again = await retryPublication(session(), workflowId, { ...options, regions: [] });
      assert.deepEqual(again.started, [], 'a second time it changes nothing');
    });
    assert.equal(fake.count('writeImage'), 1);
    assert.equal(fake.count('runTest'), 1);
  });

  it('completes a closed compose, whose images that are complete stay as they are', async () => {
    const { fake, repair } = sickCloud();
    const composeId = someComposeId();
    const images = [imageOf(composeId), imageOf(composeId, 'aarch64')];
    fake.activities.readCompose = () => Promise.resolve(composeOf(...images));
    await withWorker(fake.activities, async ({ taskQueue }) => {
      const message = finishedMessage(composeId);
      const { workflowId } = await signalCompose(session(), message, { taskQueue });
      assert.equal(await outcomeOf(workflowId), 'partly-published');
      repair();
      await retryPublication(session(), composeId, { taskQueue, operator: BY, regions: [SICK] });
      assert.equal(await outcomeOf(workflowId), 'published');
    });
    assert.equal(fake.count('writeImage'), 2);
  });

  it('is not needed when the compose is signalled again: that completes it, too', async () => {
    const { fake, repair } = sickCloud();
    const composeId = someComposeId();
    const image = imageOf(composeId);
    fake.activities.readCompose = () => Promise.resolve(composeOf(image));
    await withWorker(fake.activities, async ({ taskQueue }) => {
      const message = finishedMessage(composeId);
      const first = await signalCompose(session(), message, { taskQueue });
      assert.equal(await outcomeOf(first.workflowId), 'partly-published');
      repair();
      assert.equal((await signalCompose(session(), message, { taskQueue })).state, 'started');
      assert.equal(await outcomeOf(first.workflowId), 'published');
      assert.equal((await signalCompose(session(), message, { taskQueue })).state, 'published');
    });
    assert.equal(fake.count('writeImage'), 1);
  });

  it('tries a region of an image under way again, by the id of its compose', async () => {
    const { fake, repair } = sickCloud({ operatorPatienceMs: 600_000 });
    const composeId = someComposeId();
    const image = imageOf(composeId);
    fake.activities.readCompose = () => Promise.resolve(composeOf(image));
    await withWorker(fake.activities, async ({ taskQueue }) => {
      const { workflowId } = await signalCompose(session(), finishedMessage(composeId), {
        taskQueue,
      });
      await until('the hold', async () => {
        const status = await readStatus(session(), { workflowId });
        const [image] = status.kind === 'compose' ? status.images : [];
        return (
          image?.progress?.regions.some(({ state }) => state === 'waiting-for-operator') === true
        );
      });
      const unknown = { ...BY, regions: ['mars-north-1'] };
      await assert.rejects(
        actOnImages(session(), composeId, 'skip', unknown),
        (error) => error instanceof ClientError && /not a region of this image/.test(error.message),
      );
      repair();
      const options = { taskQueue, operator: BY, regions: [] };
      const { images } = await retryPublication(session(), composeId, options);
      assert.deepEqual(
        images.map(({ changed }) => changed),
        [true],
      );
      assert.equal(await outcomeOf(workflowId), 'published');
    });
  });

  it('is refused with the reason when a closed image is to be paused', async () => {
    const { fake } = sickCloud();
    await withWorker(fake.activities, async ({ taskQueue }) => {
      const { workflowId } = await startImage(session(), byHand(), { taskQueue });
      await outcomeOf(workflowId);
      await assert.rejects(actOnImages(session(), workflowId, 'pause', BY), /already closed/);
    });
  });
});

describe('fedimg cancel', () => {
  const session = useSession();

  it('leaves who cancelled and why in the record of the image, though no worker runs', async () => {
    const { fake } = sickCloud();
    let taskQueue = '';
    await withWorker(fake.activities, (test) => Promise.resolve((taskQueue = test.taskQueue)));
    const { workflowId } = await startImage(session(), byHand(), { taskQueue });
    assert(
      (await cancelPublication(session(), workflowId, BY)).requested,
      'no cancel was requested',
    );
    const { client } = session().access;
    const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
    const signal = (events ?? []).find((event) => event.workflowExecutionSignaledEventAttributes);
    const payload = signal?.workflowExecutionSignaledEventAttributes?.input?.payloads?.[0]?.data;
    assert.deepEqual(JSON.parse(Buffer.from(payload ?? []).toString()), BY);
    await client.workflow.getHandle(workflowId).terminate('a test');
  });
});
