/** Decides which messages follow from a change of a run's state. No other file adds messages. */

import type { Announcement, AnnouncementStatus } from '../../model/progress/announcement.js';
import {
  copyAnnouncements,
  publishAnnouncements,
  publishedEverywhere,
  testAnnouncement,
  uploadAnnouncements,
} from '../../model/progress/announcement.js';
import type { ImagePlan, RegisteredAmi } from '../../model/plan/plan.js';
import type {
  ImageOutcome,
  RegionProgress,
  Step,
  StepState,
  TestRecord,
} from '../../model/progress/progress.js';

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
      /** EC2 did not show which AMIs are public. */
      readonly isUnseen: boolean;
    }
  | { readonly of: 'outcome'; readonly after: ImageOutcome };

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
      return ofUndo(change, plan);
    case 'outcome':
      return isReleased(change.after, plan, regions)
        ? publishedEverywhere(plan, publicAmis(regions))
        : [];
  }
}

function ofStep(
  step: Step,
  after: StepState,
  plan: ImagePlan,
  regions: readonly RegionProgress[],
): Announcement[] {
  if (step === 'utility' && after === 'running') return uploadAnnouncements(plan, 'started');
  if (step === 'publish' && after === 'done') return publishedEverywhere(plan, publicAmis(regions));
  if (after !== 'failed') return [];
  if (UPLOAD_STEPS.includes(step)) return uploadAnnouncements(plan, 'failed');
  if (step !== 'copy') return [];
  // A cancelled copy leaves its region in this state.
  const stopped = regions.filter(({ state }) => state === 'copying');
  return stopped.flatMap((region) => ofCopy(region, 'failed', plan, regions));
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
    case 'waiting copying':
      return ofCopy(after, 'started', plan, regions);
    case 'copying copied':
      return ofCopy(after, 'completed', plan, regions);
    case 'copying failed':
      return ofCopy(after, 'failed', plan, regions);
    case 'copied publishing':
      return publishAnnouncements(plan, after.amis, 'started');
    case 'publishing published':
      return publishAnnouncements(plan, after.amis, 'completed');
    default:
      // The end of a failed publication is known after its undo: see ofUndo.
      return [];
  }
}

function ofCopy(
  { region, amis: copies }: RegionProgress,
  status: AnnouncementStatus,
  plan: ImagePlan,
  regions: readonly RegionProgress[],
): Announcement[] {
  const regionPlan = plan.copies.find(({ regionName }) => regionName === region);
  const sources = regions.find((one) => one.region === plan.homeRegion)?.amis ?? [];
  return regionPlan === undefined
    ? []
    : copyAnnouncements(plan, regionPlan, { status, sources, copies });
}

function ofUndo(
  { before, kept, isUnseen }: Extract<Change, { of: 'undo' }>,
  plan: ImagePlan,
): Announcement[] {
  const completed = publishAnnouncements(plan, kept, 'completed');
  // AMIs that EC2 did not show may be public, so no message says that they failed.
  if (before.state !== 'publishing' || isUnseen) return completed;
  const removed = before.amis.filter((ami) => !kept.some((one) => one.ami === ami.ami));
  return [...completed, ...publishAnnouncements(plan, removed, 'failed')];
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
