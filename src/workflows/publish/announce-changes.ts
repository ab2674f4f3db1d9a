/** Decides which messages follow from a change of a run's state. No other file adds messages. */

import type { Announcement, AnnouncementStatus } from '../../model/progress/announcement.js';
import {
  copyAnnouncements,
  publishAnnouncements,
  publishedEverywhere,
  testAnnouncement,
  uploadAnnouncements,
} from '../../model/progress/announcement.js';
import {
  eventOf,
  leftOutAnnouncement,
  plannedRun,
  runAnnouncement,
} from '../../model/progress/run-announcement.js';
import type { ImagePlan, RegisteredAmi } from '../../model/plan/plan.js';
import type {
  ImageOutcome,
  RegionProgress,
  Step,
  StepState,
} from '../../model/progress/progress.js';
import type { TestRecord } from '../../model/progress/test-record.js';

/** Where the test of one AMI stands. */
export type TestState =
  | { readonly state: 'running' }
  | { readonly state: 'passed'; readonly record: TestRecord }
  | { readonly state: 'failed'; readonly output: string };

/** One change of a run's state, as `ImageRun` reports it to its listener. */
export type Change =
  | {
      readonly of: 'step';
      readonly step: Step;
      readonly after: StepState;
    }
  | { readonly of: 'region'; readonly before: RegionProgress; readonly after: RegionProgress }
  | { readonly of: 'test'; readonly ami: RegisteredAmi; readonly after: TestState }
  | {
      readonly of: 'undo';
      /** The region before it failed. */
      readonly before: RegionProgress;
      /** The public AMIs that the undo kept. */
      readonly kept: readonly RegisteredAmi[];
    }
  | {
      readonly of: 'outcome';
      readonly after: ImageOutcome;
      /** Why the run failed. */
      readonly reason?: string;
    };

/** The upload takes three steps; each of them can fail it. */
const UPLOAD_STEPS: readonly Step[] = ['utility', 'write', 'register'];

const TEST_STATUS: Record<TestState['state'], AnnouncementStatus> = {
  running: 'started',
  passed: 'completed',
  failed: 'failed',
};

/** The messages for one change; `regions` are the states of all regions after it. */
export function announcementsOf(
  change: Change,
  plan: ImagePlan,
  regions: readonly RegionProgress[],
): Announcement[] {
  switch (change.of) {
    case 'step':
      return ofStep(change.step, change.after, plan, regions);
    case 'region':
      return ofRegion(change.before, change.after, plan, regions);
    case 'test': {
      const { ami, after } = change;
      const output = after.state === 'failed' ? { output: after.output } : undefined;
      return [testAnnouncement(plan, ami, TEST_STATUS[after.state], output)];
    }
    case 'undo':
      return ofUndo(change, plan, regions);
    case 'outcome':
      return ofOutcome(change, plan, regions);
  }
}

function ofStep(
  step: Step,
  after: StepState,
  plan: ImagePlan,
  regions: readonly RegionProgress[],
): Announcement[] {
  if (after === 'running') {
    // The same message at each step: the queue takes it once, at the first step that this run has to do.
    const started = runAnnouncement(plannedRun(plan), 'started', { regions });
    const begins = plan.direct === undefined ? 'utility' : 'write';
    return [started, ...(step === begins ? uploadAnnouncements(plan, 'started') : [])];
  }
  if (step === 'publish' && after === 'done') return publishedEverywhere(plan, publicAmis(regions));
  return after === 'failed' && UPLOAD_STEPS.includes(step)
    ? uploadAnnouncements(plan, 'failed')
    : [];
}

function ofRegion(
  before: RegionProgress,
  after: RegionProgress,
  plan: ImagePlan,
  regions: readonly RegionProgress[],
): Announcement[] {
  switch (`${before.state} ${after.state}`) {
    case 'waiting copied':
      return uploadAnnouncements(plan, 'completed', after.amis);
    case 'copying copied': {
      const home = regions.find(({ region }) => region === plan.homeRegion);
      return copyAnnouncements(plan, after.amis, home?.amis ?? []);
    }
    case 'copying failed':
      return [leftOutAnnouncement(plannedRun(plan), after)];
    case 'publishing published':
      return publishAnnouncements(plan, after.amis);
    default:
      // The end of a failed publication is known after its undo: see ofUndo.
      return [];
  }
}

function ofUndo(
  { before, kept }: Extract<Change, { of: 'undo' }>,
  plan: ImagePlan,
  regions: readonly RegionProgress[],
): Announcement[] {
  const published = publishAnnouncements(plan, kept);
  const after = regions.find(({ region }) => region === before.region);
  // A region without a failed state was undone with its whole run, and the message of the run reports it.
  if (before.state !== 'publishing' || after?.state !== 'failed') return published;
  return [...published, leftOutAnnouncement(plannedRun(plan), after)];
}

function ofOutcome(
  { after, reason }: Extract<Change, { of: 'outcome' }>,
  plan: ImagePlan,
  regions: readonly RegionProgress[],
): Announcement[] {
  const event = eventOf(after);
  // An earlier run published this image: this run did not begin.
  if (event === undefined || plan.published !== undefined) return [];
  const why = reason === undefined ? {} : { reason };
  return [
    ...(isReleased(after, plan, regions) ? publishedEverywhere(plan, publicAmis(regions)) : []),
    runAnnouncement(plannedRun(plan), event, { regions, ...why }),
  ];
}

/** A run that failed or was cancelled after its home region became public: those AMIs stay public. */
function isReleased(
  outcome: ImageOutcome,
  { homeRegion }: ImagePlan,
  regions: readonly RegionProgress[],
): boolean {
  if (outcome !== 'failed' && outcome !== 'cancelled') return false;
  return regions.some(({ region, state }) => region === homeRegion && state === 'published');
}

/** Of the regions that are public as a whole. */
function publicAmis(regions: readonly RegionProgress[]): RegisteredAmi[] {
  return regions.flatMap(({ state, amis }) => (state === 'published' ? amis : []));
}
