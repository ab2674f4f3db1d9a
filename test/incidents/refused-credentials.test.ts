import assert from 'node:assert/strict';
import type { ApplicationFailure } from '@temporalio/common';
import type { Activities } from '../../src/activities/activities.js';
import { publishSchema } from '../../src/config/sections/publish.js';
import { utilitySchema } from '../../src/config/sections/utility.js';
import type { FailureDetails } from '../../src/model/errors.js';
import type { StepTag } from '../../src/model/ids/tags.js';
import { variantKey } from '../../src/model/ids/variant.js';
import type { ImagePlan } from '../../src/model/plan/plan.js';
import type { TestRecord } from '../../src/model/progress/test-record.js';
import * as profiles from '../../src/workflows/profiles.js';
import type { ActivityLevel } from '../support/activity-level.js';
import { withActivities } from '../support/activity-level.js';
import { INSTANCES_PER_IMAGE } from '../support/one-image.js';
import { copy, launch, register, snapshotOf, TWO_REGIONS } from '../support/planned.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const REGIONS = ['us-east-1', 'eu-west-1'];
const EVERYTHING: readonly StepTag[] = ['copy', 'test', 'register', 'snapshot', 'utility'];

/** The answer of EC2; SSM has another word for it, and the class is the same. */
function refusing(...actions: readonly string[]): Parameters<ActivityLevel['setFaults']>[0] {
  const message = 'AWS was not able to validate the provided access credentials';
  const code = 'AuthFailure';
  return actions.map((action) => ({
    action,
    kind: 'refusal',
    code,
    message,
    status: 401,
    count: 0,
  }));
}

interface Outage {
  readonly lastsMs: number;
  /** The calls that AWS refuses; `*` is every call. */
  readonly actions: readonly string[];
}

/**
 * One step while AWS refuses the credentials. Its attempts come on a clock of their own, as the retry policy of the
 * step's profile spaces them.
 */
async function through<T>(
  level: ActivityLevel,
  { lastsMs, actions }: Outage,
  act: (activities: Activities) => Promise<T>,
): Promise<T> {
  await level.setFaults(refusing(...actions));
  let attempts = 0;
  for (let nowMs = 0, pauseMs = 1_000; ; pauseMs = Math.min(2 * pauseMs, 30_000)) {
    try {
      const result = await act(attempts === 0 ? level.activities : level.again);
      assert(attempts > 1 && nowMs >= lastsMs, `it was not refused: ${actions.join(', ')}`);
      return result;
    } catch (error) {
      const { nonRetryable, message, details } = error as ApplicationFailure;
      const { class: failureClass, next } = (details?.[0] ?? {}) as FailureDetails;
      assert.equal(failureClass, 'credentials', message);
      assert.equal(nonRetryable, false, message);
      assert.match(next, /aws sts get-caller-identity/);
      attempts += 1;
    }
    nowMs += pauseMs;
    if (nowMs >= lastsMs) await level.setFaults([]);
  }
}

/** All steps of one image in their order; `actions` are the calls that AWS refuses in each. */
async function publishThrough(
  level: ActivityLevel,
  lastsMs: number,
  actionsOf: (step: keyof Activities) => readonly string[],
): Promise<void> {
  const step = <T>(name: keyof Activities, act: (activities: Activities) => Promise<T>) =>
    through(level, { lastsMs, actions: actionsOf(name) }, act);
  const { request } = level;
  const ids = { workflowId: 'image/one', runId: 'run-one' };
  const plan = await step('planImage', (on) => on.planImage({ request, ...ids }));
  const { origin, homeRegion: regionName, test, arch } = plan;
  const utility = await step('launchUtilityInstance', (on) => launch(on, plan));
  const { downloadUrl: url, sha256, rawSizeBytes, compressedSizeBytes } = plan;
  const written = await step('writeImage', (on) =>
    on.writeImage({
      ...{ origin, utility, url, sha256, rawSizeBytes, compressedSizeBytes },
      minRateBytesPerSecond: 0,
    }),
  );
  const { rawSha256 } = written;
  const source = await step('snapshotVolume', (on) =>
    on.snapshotVolume({ origin, utility, rawSha256 }),
  );
  const amis = await step('registerImages', (on) => register(on, plan, source));
  await step('terminateInstance', (on) => on.terminateInstance(utility));
  const tested = test.variants.map(variantKey);
  const tests: TestRecord[] = [];
  for (const ami of amis.filter(({ variant }) => tested.includes(variantKey(variant)))) {
    const instance = await step('launchTestInstance', (on) =>
      on.launchTestInstance({ origin, regionName, arch, test, ami, generation: 0 }),
    );
    tests.push(await step('runTest', (on) => on.runTest({ origin, test, ami, instance })));
    await step('terminateInstance', (on) => on.terminateInstance(instance));
  }
  const copies = await step('copyToRegion', (on) => copy(on, plan, source));
  for (const made of [amis, copies]) {
    await step('publishRegion', (on) =>
      on.publishRegion({
        origin,
        regionName: made[0]?.regionName ?? '',
        amis: made,
        rawSha256,
        variantsToTest: test.variants,
        tests,
      }),
    );
  }
}

async function assertPublishedOnce(level: ActivityLevel): Promise<void> {
  const alive = await level.resources();
  const counts = REGIONS.map((region) =>
    ['instance', 'volume', 'snapshot', 'image'].map(
      (type) => alive.filter((one) => one.region === region && one.type === type).length,
    ),
  );
  // PV-GRUB has a kernel in both regions.
  assert.deepEqual(counts, [
    [0, 0, 1, 4],
    [0, 0, 1, 4],
  ]);
  assert(
    alive.every((one) => one.public),
    JSON.stringify(alive),
  );
}

/** The calls with the effect of each step, and some that look for it. */
const MAIN_CALLS: Readonly<Partial<Record<keyof Activities, readonly string[]>>> = {
  planImage: ['GetParameter'],
  launchUtilityInstance: ['RunInstances'],
  writeImage: ['ListCommandInvocations', 'SendCommand'],
  snapshotVolume: ['CreateSnapshot', 'DeleteVolume'],
  registerImages: ['RegisterImage'],
  terminateInstance: ['TerminateInstances'],
  launchTestInstance: ['DescribeInstances'],
  runTest: ['ListCommandInvocations'],
  copyToRegion: ['CopySnapshot', 'RegisterImage'],
  publishRegion: ['ModifyImageAttribute', 'CreateTags'],
};

const OPTIONS = { ...TWO_REGIONS, settings: { visibilityMs: 100 } };

describe('credentials that AWS refuses', () => {
  it('for ten minutes in every step end no run: each step goes on where it was', async () => {
    await withActivities(OPTIONS, async (level) => {
      await publishThrough(level, 10 * MINUTE_MS, () => ['*']);
      await assertPublishedOnce(level);
      assert.equal(await level.calls('RunInstances'), INSTANCES_PER_IMAGE);
    });
  });

  it('for forty seconds in the middle of every step make no second resource', async () => {
    await withActivities(OPTIONS, async (level) => {
      await publishThrough(level, 40_000, (step) => MAIN_CALLS[step] ?? ['*']);
      await assertPublishedOnce(level);
    });
  });

  it('during the undo leave nothing behind, and nothing is called removed before it is gone', async () => {
    await withActivities(OPTIONS, async (level) => {
      const { origin } = await failedRun(level);
      const outages: Readonly<Record<string, Outage>> = {
        'eu-west-1': { lastsMs: 10 * MINUTE_MS, actions: ['*'] },
        'us-east-1': { lastsMs: 40_000, actions: ['DeregisterImage', 'TerminateInstances'] },
      };
      for (const [regionName, outage] of Object.entries(outages)) {
        const undo = (on: Activities) =>
          on.undoRegion({ origin, regionName, steps: EVERYTHING }).catch((error: Error) => {
            const start = `${regionName} could not be looked at: credentials refused (AuthFailure)`;
            assert(error.message.startsWith(start), error.message);
            assert.doesNotMatch(error.message, /removed|need not/);
            throw error;
          });
        const { left } = await through(level, outage, undo);
        assert.deepEqual(left, []);
      }
      const alive = await level.resources();
      // `snapshotOf` leaves a volume without tags.
      assert.deepEqual(
        alive.filter(({ tags }) => Object.keys(tags).length > 0),
        [],
      );
    });
  });

  it('are waited for at least two hours by every step, and for many more by the undo', () => {
    const hours = ({ scheduleToCloseTimeout: bound }: { scheduleToCloseTimeout?: unknown }) => {
      if (typeof bound === 'number') return bound / HOUR_MS;
      const [, count, unit = ''] = /^(\d+) ?(h|days)$/.exec(String(bound)) ?? [];
      return Number(count) * (unit === 'h' ? 1 : 24);
    };
    const { planning, waiting, undoing, writeBounds, copyBounds, testBounds } = profiles;
    const bounds = {
      planning,
      waiting,
      writing: writeBounds(utilitySchema.parse({}).deadManMinutes),
      copying: copyBounds(publishSchema.parse({}).regionPatienceMs),
      testing: testBounds(60),
    };
    for (const [step, bound] of Object.entries(bounds))
      assert(hours(bound) >= 2, `${step}: ${hours(bound)} hours`);
    assert(hours(undoing) >= 6, `the undo: ${hours(undoing)} hours`);
  });
});

/** A snapshot and AMIs in both regions, and a utility instance with its volume. */
async function failedRun(level: ActivityLevel): Promise<ImagePlan> {
  const { activities, request } = level;
  const ids = { workflowId: 'image/one', runId: 'run-one' };
  const plan = await activities.planImage({ request, ...ids });
  const source = await snapshotOf(level, plan);
  await launch(activities, plan);
  await register(activities, plan, source);
  await copy(activities, plan, source);
  return plan;
}
