/** The activity calls of a publication, with the inputs that the workflow gives them. */

import type { Activities } from '../../src/activities/activities.js';
import { uploadAnnouncements } from '../../src/model/progress/announcement.js';
import type { ImageRequest } from '../../src/model/plan/plan.js';
import type { StepTag } from '../../src/model/ids/tags.js';
import { variantKey } from '../../src/model/ids/variant.js';
import { withInstance } from '../support/images.js';
import type { RunState } from './state.js';
import { known, planOf, regionOf } from './state.js';
import { HOME } from './cells.js';

/** What of the surroundings an input needs. */
export interface Surroundings {
  readonly composeId: string;
  readonly request: ImageRequest;
  /** Where the compose's server is reached. */
  readonly sourceUrl: string;
}

/** One activity call: its input, and what of its result the run keeps. */
export interface Act {
  readonly activity: keyof Activities;
  input(state: RunState, around: Surroundings): unknown;
  keep(state: RunState, result: unknown): void;
  /** Whether the workflow calls it again, as it has done a part only. */
  goesOn?(state: RunState): boolean;
}

type Input<A extends keyof Activities> = Parameters<Activities[A]>[0];
type Result<A extends keyof Activities> = Awaited<ReturnType<Activities[A]>>;

function act<A extends keyof Activities>(
  activity: A,
  input: (state: RunState, around: Surroundings) => Input<A>,
  keep: (state: RunState, result: Result<A>) => void = () => undefined,
): Act {
  return { activity, input, keep: (state, result) => keep(state, result as Result<A>) };
}

export const RUN_IDS = { workflowId: 'image/matrix', runId: 'run-matrix' };

export const readMetadata = act(
  'readCompose',
  (_state, { composeId, sourceUrl }) => ({
    composeId,
    status: 'FINISHED',
    location: `${sourceUrl}/${composeId}/compose`,
  }),
  (state, read) => (state.requests = [...('requests' in read ? read.requests : read)]),
);

export const plan = act(
  'planImage',
  (_state, { request }) => ({ request, ...RUN_IDS }),
  (state, planned) => {
    // A second choice for both machines: capacity is asked for elsewhere when the first has none.
    const utility = {
      ...withInstance(planned).utility,
      placements: [{ instanceType: 'm5.large' }, { instanceType: 'c5.large' }],
    };
    const test = { ...planned.test, instanceTypes: ['t3.small', 'm5.large'] };
    state.plan = { ...planned, utility, test };
  },
);

export const launchUtility = act(
  'launchUtilityInstance',
  (state) => {
    const { origin, utility, homeRegion } = withInstance(planOf(state));
    return { origin, regionName: homeRegion, utility, generation: state.generation };
  },
  (state, utility) => (state.utility = utility),
);

export const write = act(
  'writeImage',
  (state) => {
    const { origin, downloadUrl, sha256, rawSizeBytes, compressedSizeBytes } = planOf(state);
    const utility = known(state.utility, 'utility instance');
    const file = { url: downloadUrl, sha256, rawSizeBytes, compressedSizeBytes };
    return { origin, utility, ...file, minRateBytesPerSecond: 0 };
  },
  (state, written) => (state.written = written),
);

export const snapshot = act(
  'snapshotVolume',
  (state) => {
    const { rawSha256 } = known(state.written, 'written image');
    const utility = known(state.utility, 'utility instance');
    return { origin: planOf(state).origin, utility, rawSha256 };
  },
  (state, source) => (state.source = source),
);

/** The plan of these runs has a utility instance; the worker writes a snapshot of the same size. */
export const writeDirect = act(
  'writeDirect',
  (state) => {
    const { origin, downloadUrl: url, sha256, rawSizeBytes, homeRegion } = planOf(state);
    const { volumeSizeGiB: snapshotSizeGiB } = withInstance(planOf(state)).utility;
    const direct = { snapshotSizeGiB, idleMinutes: 120 };
    return {
      ...{ origin, regionName: homeRegion, direct, generation: state.generation },
      ...{ url, sha256, rawSizeBytes, minRateBytesPerSecond: 0 },
    };
  },
  (state, written) => {
    state.written = written;
    state.source = written;
  },
);

export const register = act(
  'registerImages',
  (state) => {
    const { origin, arch, registration, home } = planOf(state);
    const { snapshot: made, rawSha256 } = known(state.source, 'snapshot');
    return { origin, arch, registration, regionPlan: home, snapshot: made, rawSha256 };
  },
  (state, amis) => (state.home = amis),
);

export const retireUtility = act('terminateInstance', (state) => {
  const { regionName: region, instanceId } = known(state.utility, 'utility instance');
  return { regionName: region, instanceId };
});

export const launchTest = act(
  'launchTestInstance',
  (state) => {
    const { origin, arch, test, homeRegion: regionName } = planOf(state);
    const ami = testedAmi(state);
    return { origin, regionName, arch, test, ami, generation: state.testGeneration };
  },
  (state, instance) => (state.test = instance),
);

export const runTest = act(
  'runTest',
  (state) => {
    const { origin, test } = planOf(state);
    const instance = known(state.test, 'test instance');
    return { origin, test, ami: testedAmi(state), instance };
  },
  (state, { exitStatus }) => (state.tested = exitStatus === 0),
);

export const retireTest = act('terminateInstance', (state) => known(state.test, 'test instance'));

export function beginCopy(regionName: string): Act {
  return act('copySnapshot', (state) => {
    const source = known(state.source, 'snapshot');
    return { origin: planOf(state).origin, regionName, source };
  });
}

/** `mayExist`: its copy has begun with the test. */
export function copyTo(regionName: string, { mayExist = false } = {}): Act {
  return act(
    'copyToRegion',
    (state) => {
      const { origin, arch, registration } = planOf(state);
      const source = known(state.source, 'snapshot');
      const regionPlan = regionOf(state, regionName);
      const early = mayExist ? { mayExist: true as const } : {};
      return { origin, arch, registration, regionPlan, source, ...early };
    },
    (state, amis) => (state.copies[regionName] = amis),
  );
}

export function publishIn(regionName: string): Act {
  return act('publishRegion', (state) => {
    const { origin, test } = planOf(state);
    const amis = regionName === HOME ? state.home : state.copies[regionName];
    const { rawSha256 } = known(state.source, 'snapshot');
    const tests = test.variants.map((one) => ({ variant: variantKey(one), exitStatus: 0 }));
    return {
      origin,
      regionName,
      amis: known(amis, `AMIs in ${regionName}`),
      rawSha256,
      variantsToTest: test.variants,
      tests: state.tested ? tests : [],
    };
  });
}

export function undo(regionName: string, steps: readonly StepTag[]): Act {
  return act(
    'undoRegion',
    (state) => ({ origin: planOf(state).origin, regionName, steps }),
    (state, undone) => (state.undone[regionName] = undone),
  );
}

const untold = (state: RunState) => uploadAnnouncements(planOf(state), 'started').slice(state.told);

export const tell: Act = {
  ...act('announce', untold, (state, report) => {
    state.told += known(report, 'report on the messages').handled;
  }),
  goesOn: (state) => untold(state).length > 0,
};

function testedAmi(state: RunState) {
  const amis = known(state.home, 'AMIs at home');
  const [wanted] = planOf(state).test.variants.map(variantKey);
  return known(
    amis.find(({ variant }) => variantKey(variant) === wanted),
    'AMI to test',
  );
}
