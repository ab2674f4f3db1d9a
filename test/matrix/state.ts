/** What a run knows so far, as its history would hold it. */

import type {
  InstanceRef,
  SnapshotSource,
  UtilityInstance,
  WrittenImage,
} from '../../src/activities/shapes/image.js';
import type {
  ImagePlan,
  ImageRequest,
  RegionPlan,
  RegisteredAmi,
} from '../../src/model/plan/plan.js';

export interface RunState {
  requests?: ImageRequest[];
  plan?: ImagePlan;
  utility?: UtilityInstance;
  generation: number;
  written?: WrittenImage;
  source?: SnapshotSource;
  home?: RegisteredAmi[];
  test?: InstanceRef;
  testGeneration: number;
  tested: boolean;
  copies: Record<string, RegisteredAmi[]>;
  /** How many messages of a batch were handled. */
  told: number;
  undone: Record<string, { removed: readonly string[]; left: readonly string[] }>;
}

export function newState(): RunState {
  return { generation: 0, testGeneration: 0, tested: false, copies: {}, told: 0, undone: {} };
}

/** What must be known at this point; a step that comes too early is a mistake of the test. */
export function known<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new TypeError(`the state has no ${what} yet`);
  return value;
}

export function planOf(state: RunState): ImagePlan {
  return known(state.plan, 'plan');
}

export function regionOf(state: RunState, regionName: string): RegionPlan {
  const plan = planOf(state);
  const all = [plan.home, ...plan.copies];
  return known(
    all.find((one) => one.regionName === regionName),
    `plan for ${regionName}`,
  );
}
