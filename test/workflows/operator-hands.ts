/** What the tests of an operator's acts share: an image with a sick region, and the acts on it. */

import assert from 'node:assert/strict';
import type { WorkflowHandle } from '@temporalio/client';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import type { Activities } from '../../src/activities/activities.js';
import type { OperatorAnswer } from '../../src/contract.js';
import { imageProgressQuery, retryRegionsUpdate, skipRegionsUpdate } from '../../src/contract.js';
import type { ImagePlan } from '../../src/model/plan/plan.js';
import type { ImageProgress, ImageResult } from '../../src/model/progress/progress.js';
import type { FakeActivities } from '../support/fake-activities.js';
import { fakeActivities, finalFailure, registered } from '../support/fake-activities.js';
import { somePlan } from '../support/images.js';
import { until } from '../support/until.js';

export type Handle = WorkflowHandle<() => Promise<ImageResult>>;

export const BY = { by: 'ann@desk' };

export const SICK = 'sa-east-1';

/** Longer than any test: the operator comes in time. */
export const PATIENT: Partial<ImagePlan> = { operatorPatienceMs: 600_000 };

export function planned(overrides: Partial<ImagePlan>): Pick<Activities, 'planImage'> {
  return {
    planImage: ({ request, workflowId, runId }) =>
      Promise.resolve(somePlan(request, { workflowId, runId }, overrides)),
  };
}

/** Copies to the sick region fail until the test has repaired it. */
export function sickRegion(overrides: Partial<ImagePlan> = PATIENT): {
  readonly fake: FakeActivities;
  readonly repair: () => void;
} {
  let isSick = true;
  const fake = fakeActivities({
    ...planned(overrides),
    copyToRegion: ({ regionPlan }) =>
      isSick && regionPlan.regionName === SICK
        ? Promise.reject(finalFailure('the quota is used up'))
        : Promise.resolve(registered(regionPlan, `snap-${regionPlan.regionName}`)),
  });
  return { fake, repair: () => (isSick = false) };
}

export async function progressOf(handle: Handle): Promise<ImageProgress> {
  return handle.query(imageProgressQuery);
}

export async function copiesOf(handle: Handle): Promise<number> {
  const { events } = await handle.fetchHistory();
  return (events ?? []).filter(
    ({ activityTaskScheduledEventAttributes: scheduled }) =>
      scheduled?.activityType?.name === 'copyToRegion',
  ).length;
}

export async function stateOf(handle: Handle, regionName: string): Promise<string | undefined> {
  const { regions } = await progressOf(handle);
  return regions.find(({ region }) => region === regionName)?.state;
}

export function untilState(handle: Handle, regionName: string, state: string): Promise<void> {
  return until(`${regionName} is ${state}`, async () => {
    try {
      return (await stateOf(handle, regionName)) === state;
    } catch {
      // Its first task is not done yet.
      return false;
    }
  });
}

export async function refused(update: Promise<OperatorAnswer>, reason: RegExp): Promise<void> {
  await assert.rejects(update, (error) => {
    assert(error instanceof WorkflowUpdateFailedError, String(error));
    assert.match(error.cause?.message ?? '', reason);
    return true;
  });
}

export const retry = (handle: Handle, ...regions: string[]) =>
  handle.executeUpdate(retryRegionsUpdate, { args: [{ ...BY, regions }] });

export const skip = (handle: Handle, ...regions: string[]) =>
  handle.executeUpdate(skipRegionsUpdate, { args: [{ ...BY, reason: 'EC2 is down', regions }] });
