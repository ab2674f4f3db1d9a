/** The steps of the matrix that activities take: where each begins, what it calls, what undoes it. */

import type { StepTag } from '../../src/model/ids/tags.js';
import type { Act } from './acts.js';
import * as acts from './acts.js';
import type { CallSite } from './call-site.js';
import { AWAY, HOME } from './cells.js';

/** What the cloud holds when a step begins, each on top of the one that it names. */
export const STAGES = {
  empty: { from: undefined, acts: [] },
  planned: { from: 'empty', acts: [acts.plan] },
  launched: { from: 'planned', acts: [acts.launchUtility] },
  written: { from: 'launched', acts: [acts.write] },
  snapshotted: { from: 'written', acts: [acts.snapshot] },
  registered: { from: 'snapshotted', acts: [acts.register] },
  retired: { from: 'registered', acts: [acts.retireUtility] },
  tested: { from: 'retired', acts: [acts.launchTest, acts.runTest, acts.retireTest] },
  copied: { from: 'tested', acts: [acts.copyTo(AWAY)] },
} as const satisfies Record<string, { from: string | undefined; acts: readonly Act[] }>;

export type StageName = keyof typeof STAGES;

export interface Step {
  readonly row: number;
  readonly stage: StageName;
  readonly acts: readonly Act[];
  /** Whether a call of these acts belongs to this step; two steps may share an activity. */
  owns(site: CallSite): boolean;
  /** Last made first, by region, as the workflow's undo stack has it. */
  readonly undo: readonly { readonly region: string; readonly steps: readonly StepTag[] }[];
  /** What follows a loss (publish-image.ts, withNewPairs; test-instance.ts, testOnLiveInstance). */
  readonly anew?: {
    readonly undo: readonly StepTag[];
    readonly acts: readonly Act[];
    readonly counter: 'generation' | 'testGeneration';
    readonly max: number;
  };
  /** The region that a step is about, when its failure fails that region alone. */
  readonly region?: string;
}

const UTILITY: Step['undo'] = [{ region: HOME, steps: ['utility'] }];
const SNAPSHOT: Step['undo'] = [{ region: HOME, steps: ['snapshot', 'utility'] }];
const REGISTER: Step['undo'] = [{ region: HOME, steps: ['register', 'snapshot', 'utility'] }];
const TEST: Step['undo'] = [{ region: HOME, steps: ['test', 'register', 'snapshot', 'utility'] }];
const COPY: Step['undo'] = [{ region: AWAY, steps: ['copy'] }, ...TEST];

const all = (): boolean => true;
const pair = (undo: readonly StepTag[], then: readonly Act[]): NonNullable<Step['anew']> => ({
  undo,
  acts: [acts.launchUtility, ...then],
  counter: 'generation',
  max: 3,
});

const MACHINE_CALLS = /^(?:DescribeInstances|DescribeInstanceInformation)$/;
const VOLUME_CALLS = /^(?:DetachVolume|DescribeVolumes|DeleteVolume)$/;

export const STEPS: readonly Step[] = [
  { row: 2, stage: 'empty', acts: [acts.readMetadata], owns: all, undo: [] },
  { row: 3, stage: 'empty', acts: [acts.plan], owns: all, undo: [], region: AWAY },
  {
    row: 4,
    stage: 'planned',
    acts: [acts.launchUtility],
    owns: ({ action }) => action !== 'DescribeInstances',
    undo: UTILITY,
    anew: pair(['utility'], []),
  },
  {
    row: 5,
    stage: 'planned',
    acts: [acts.launchUtility],
    owns: ({ action }) => action === 'DescribeInstances',
    undo: UTILITY,
    anew: pair(['utility'], []),
  },
  {
    row: 6,
    stage: 'launched',
    acts: [acts.write],
    owns: ({ action }) => !MACHINE_CALLS.test(action),
    undo: UTILITY,
    anew: pair(['utility'], [acts.write]),
  },
  {
    row: 7,
    stage: 'written',
    // The unit has ended: what it verified and flushed is read again, as by a worker that is new.
    acts: [acts.write, acts.snapshot],
    owns: ({ action }) => MACHINE_CALLS.test(action) || VOLUME_CALLS.test(action),
    undo: SNAPSHOT,
    anew: pair(['snapshot', 'utility'], [acts.write, acts.snapshot]),
  },
  {
    row: 8,
    stage: 'written',
    acts: [acts.snapshot],
    owns: ({ action }) => !VOLUME_CALLS.test(action),
    undo: SNAPSHOT,
    anew: pair(['snapshot', 'utility'], [acts.write, acts.snapshot]),
  },
  { row: 9, stage: 'snapshotted', acts: [acts.register], owns: all, undo: REGISTER },
  {
    row: 10,
    stage: 'retired',
    acts: [acts.launchTest, acts.runTest, acts.retireTest],
    owns: all,
    undo: TEST,
    anew: {
      undo: ['test'],
      acts: [acts.launchTest, acts.runTest, acts.retireTest],
      counter: 'testGeneration',
      max: 2,
    },
  },
  {
    row: 11,
    stage: 'tested',
    acts: [acts.copyTo(AWAY)],
    owns: all,
    undo: COPY,
    region: AWAY,
  },
  {
    row: 12,
    stage: 'copied',
    acts: [acts.publishIn(AWAY)],
    owns: all,
    undo: COPY,
    region: AWAY,
  },
  { row: 13, stage: 'planned', acts: [acts.tell], owns: all, undo: [] },
  {
    row: 14,
    stage: 'registered',
    acts: [acts.undo(HOME, ['register', 'snapshot', 'utility'])],
    owns: all,
    undo: REGISTER,
  },
  {
    row: 16,
    stage: 'planned',
    acts: [acts.writeDirect],
    owns: all,
    undo: [{ region: HOME, steps: ['snapshot'] }],
    anew: { undo: ['snapshot'], acts: [acts.writeDirect], counter: 'generation', max: 3 },
  },
  {
    row: 17,
    stage: 'tested',
    acts: [acts.beginCopy(AWAY), acts.copyTo(AWAY, { mayExist: true })],
    owns: all,
    undo: COPY,
    region: AWAY,
  },
];

export function stepOf(row: number): Step {
  const step = STEPS.find((one) => one.row === row);
  if (step === undefined) throw new TypeError(`no activity takes step ${row}`);
  return step;
}
