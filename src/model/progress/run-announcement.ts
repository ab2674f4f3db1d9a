/** The messages about whole runs and left-out regions: fedimg's own, with the schemas of `python/fedimg_messages`. */

import type { Arch } from '../compose/compose.js';
import type { ImagePlan, ImageRequest, RegisteredAmi } from '../plan/plan.js';
import { bareUrl } from '../printable.js';
import { variantKey } from '../ids/variant.js';
import type { Announcement } from './announcement.js';
import type { ImageOutcome, RegionProgress, RegionState } from './progress.js';

/** What a message reports of a run: that it began, or how it ended. A run that found its AMIs published sends none. */
export const RUN_EVENTS = [
  'started',
  'published',
  'partly-published',
  'failed',
  'cancelled',
] as const;
export type RunEvent = (typeof RUN_EVENTS)[number];

/** A region in such a message. `undone`: the run removed what it had made there. */
export const REPORTED_STATES = ['waiting', 'published', 'private', 'left-out', 'undone'] as const;
type ReportedState = (typeof REPORTED_STATES)[number];

/** The run that a message is about. */
export interface RunSubject {
  readonly workflowId: string;
  readonly runId: string;
  readonly composeId: string;
  readonly image: string;
  readonly subvariant: string;
  readonly arch: Arch;
  readonly url: string;
  /** Empty for a run without a plan. */
  readonly homeRegion: string;
}

export function plannedRun({ origin, arch, url, homeRegion }: ImagePlan): RunSubject {
  const { workflowId, runId, composeId, image, subvariant = '' } = origin;
  return { workflowId, runId, composeId, image, subvariant, arch, url, homeRegion };
}

/** A run that failed before it had a plan. */
export function unplannedRun(
  { workflowId, runId }: { readonly workflowId: string; readonly runId: string },
  { composeId, image: { name: image, subvariant, arch, url } }: ImageRequest,
): RunSubject {
  return { workflowId, runId, composeId, image, subvariant, arch, url, homeRegion: '' };
}

/** `regions` are the states of all regions at that moment; `reason` is that of a failure. */
export function runAnnouncement(
  run: RunSubject,
  event: RunEvent,
  { regions, reason }: { readonly regions: readonly RegionProgress[]; readonly reason?: string },
): Announcement {
  const hasEnded = event !== 'started';
  return {
    topic: `run.v1.${event}`,
    key: `${run.workflowId}/${run.runId}/run/${hasEnded ? 'ended' : 'started'}`,
    body: {
      ...base(run, run.homeRegion),
      outcome: event,
      ...(reason === undefined ? {} : { reason }),
      regions: Object.fromEntries(regions.map((one) => [one.region, regionBody(one, hasEnded)])),
    },
  };
}

/** The run goes on without the region; `amis` of it are the public ones that stay. */
export function leftOutAnnouncement(
  run: RunSubject,
  { region, reason = 'unknown', next, amis }: RegionProgress,
): Announcement {
  return {
    topic: 'region.v1.left-out',
    // A region that is tried again may fail for another reason, which is news.
    key: [run.workflowId, run.runId, 'left-out', region, reason.slice(0, 80)].join('/'),
    body: {
      ...base(run, region),
      state: 'left-out',
      reason,
      ...(next === undefined ? {} : { next }),
      amis: idsByVariant(amis),
    },
  };
}

/** fedmsg_meta reads `image_name` and `destination` from every message below `fedimg`. */
function base(run: RunSubject, regionName: string): Record<string, unknown> {
  return {
    workflow_id: run.workflowId,
    run_id: run.runId,
    compose_id: run.composeId,
    image_name: run.image,
    image_url: bareUrl(run.url),
    subvariant: run.subvariant,
    architecture: run.arch,
    destination: regionName,
    service: 'EC2',
  };
}

function regionBody(
  { state, reason, amis }: RegionProgress,
  hasEnded: boolean,
): Record<string, unknown> {
  const reported = REPORTED[state] ?? (hasEnded ? 'undone' : 'waiting');
  // The AMIs of the other states are not there, or are about to be removed.
  const stay = reported === 'waiting' || reported === 'undone' ? [] : amis;
  return {
    state: reported,
    amis: idsByVariant(stay),
    ...(reason === undefined ? {} : { reason }),
  };
}

const REPORTED: Partial<Record<RegionState, ReportedState>> = {
  published: 'published',
  private: 'private',
  failed: 'left-out',
  'left-out': 'left-out',
};

function idsByVariant(amis: readonly RegisteredAmi[]): Record<string, string> {
  return Object.fromEntries(amis.map(({ variant, ami }) => [variantKey(variant), ami]));
}

/** The event of an outcome, or undefined for a run that changed nothing. */
export function eventOf(outcome: ImageOutcome): RunEvent | undefined {
  return RUN_EVENTS.find((event) => event === outcome);
}
