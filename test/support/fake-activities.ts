/** Activities without effects: they record the calls of a workflow and their order, and end as the test says. */

import { ApplicationFailure } from '@temporalio/common';
import { SEARCH_ATTRIBUTES } from '../../src/contract.js';
import type { Activities } from '../../src/activities/activities.js';
import type { ComposeImages } from '../../src/activities/shapes/image.js';
import type { FailureDetails } from '../../src/model/errors.js';
import { EC2_SERVICE_EXCEPTION } from '../../src/model/errors.js';
import type { ImageRequest, RegionPlan, RegisteredAmi } from '../../src/model/plan/plan.js';
import { somePlan, TEST_INSTALLATION } from './images.js';

export interface FakeActivities {
  readonly activities: Activities;
  /** `name` or `name region`, in the order of the calls. */
  readonly calls: string[];
  readonly announced: { readonly topic: string; readonly body: Record<string, unknown> }[];
  count(call: string): number;
}

export function finalFailure(
  message: string,
  details: Partial<FailureDetails> = {},
  type: string = EC2_SERVICE_EXCEPTION,
): ApplicationFailure {
  const full = { code: 'test', class: 'refused', next: 'nothing', ...details };
  return ApplicationFailure.create({ type, message, nonRetryable: true, details: [full] });
}

/** The good run, with some activities replaced. */
export function fakeActivities(overrides: Partial<Activities> = {}): FakeActivities {
  const calls: string[] = [];
  const announced: FakeActivities['announced'] = [];
  const activities: Activities = { ...goodActivities(announced), ...overrides };
  const counted = Object.fromEntries(
    Object.entries(activities).map(([name, act]) => [
      name,
      (input: never) => {
        const regionName = regionOf(input);
        // It is no step: each run begins with it.
        if (name !== 'usableAttributes')
          calls.push(regionName === undefined ? name : `${name} ${regionName}`);
        return (act as (input: never) => unknown)(input);
      },
    ]),
  ) as unknown as Activities;
  return {
    activities: counted,
    calls,
    announced,
    count: (call) => calls.filter((one) => one === call).length,
  };
}

function goodActivities(announced: FakeActivities['announced']): Activities {
  return {
    usableAttributes: () => Promise.resolve(SEARCH_ATTRIBUTES.map(({ name }) => name)),
    readCompose: () => Promise.resolve(composeOf()),
    planImage: ({ request, workflowId, runId }) =>
      Promise.resolve(somePlan(request, { workflowId, runId })),
    launchUtilityInstance: ({ regionName, generation }) =>
      Promise.resolve({
        regionName,
        instanceId: `i-utility${generation}`,
        volumeId: `vol-${generation}`,
        volumeSizeGiB: 1,
      }),
    writeImage: () =>
      Promise.resolve({ sha256: 'a'.repeat(64), rawSha256: 'b'.repeat(64), rawSizeBytes: 1024 }),
    writeDirect: ({ regionName }) =>
      Promise.resolve({
        ...{ regionName, snapshot: 'snap-home' },
        ...{ sha256: 'a'.repeat(64), rawSha256: 'b'.repeat(64), rawSizeBytes: 1024 },
      }),
    snapshotVolume: ({ utility, rawSha256 }) =>
      Promise.resolve({ regionName: utility.regionName, snapshot: 'snap-home', rawSha256 }),
    registerImages: ({ regionPlan, snapshot }) => Promise.resolve(registered(regionPlan, snapshot)),
    terminateInstance: () => Promise.resolve(),
    launchTestInstance: ({ regionName, generation }) =>
      Promise.resolve({ regionName, instanceId: `i-test${generation}` }),
    runTest: ({ ami, instance }) =>
      Promise.resolve({
        variant: `${ami.variant.virt}-${ami.variant.volumeType}`,
        ami: ami.ami,
        instanceId: instance.instanceId,
        exitStatus: 0,
        seconds: 1,
        output: 'ok',
      }),
    leaveOutUntested: () => Promise.resolve(),
    copySnapshot: ({ regionName }) => Promise.resolve(`snap-${regionName}`),
    copyToRegion: ({ regionPlan }) =>
      Promise.resolve(registered(regionPlan, `snap-${regionPlan.regionName}`)),
    publishRegion: () => Promise.resolve(),
    keepRegion: () => Promise.resolve(),
    noteLeftOut: () => Promise.resolve(),
    keepFailed: ({ steps }) => Promise.resolve([...steps]),
    undoRegion: ({ steps }) => Promise.resolve({ removed: [...steps], kept: [], left: [] }),
    removeSurplus: () => Promise.resolve({ removed: [], left: [] }),
    planSweep: (deployment) =>
      Promise.resolve({
        installation: { ...TEST_INSTALLATION, deployment },
        regions: ['us-east-1', 'eu-west-1'],
        graceMs: 60_000,
        maxRemovals: 200,
        regionPatienceMs: 600_000,
      }),
    findStrays: () =>
      Promise.resolve({
        strays: [],
        more: 0,
        kept: [],
        keptCount: 0,
        unreconciled: [],
        others: [],
      }),
    removeStrays: ({ strays }) => Promise.resolve({ removed: strays, left: [] }),
    sendNotification: () => Promise.resolve(),
    announce: (announcements) => {
      announced.push(...announcements.map(({ topic, body }) => ({ topic, body })));
      return Promise.resolve({ handled: announcements.length, refused: [] });
    },
  };
}

/** The answer of `readCompose` for a compose that has all configured images. */
export function composeOf(...requests: readonly ImageRequest[]): ComposeImages {
  return { requests, absent: [] };
}

export function registered(regionPlan: RegionPlan, snapshot: string): RegisteredAmi[] {
  return regionPlan.wanted.map(({ name, variant }) => ({
    regionName: regionPlan.regionName,
    variant,
    name,
    ami: `ami-${name}`,
    snapshot,
  }));
}

function regionOf(input: unknown): string | undefined {
  const one = input as { regionName?: string; regionPlan?: RegionPlan } | undefined;
  return one?.regionName ?? one?.regionPlan?.regionName;
}
