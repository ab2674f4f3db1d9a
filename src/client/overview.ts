/** Reads the overview of one compose or image, or of all of them. */

import { COMPOSE_WORKFLOW, PUBLISH_IMAGE_WORKFLOW } from '../contract.js';
import { mapLimited } from '../model/map-limited.js';
import { overviewOf } from '../model/status/compose-overview.js';
import type { ImageOverview, Overview } from '../model/status/overview.js';
import { newestRuns } from './compose-images.js';
import { isMissing } from './errors.js';
import { listPublications, quoted } from './publications.js';
import type { Publication } from './publications.js';
import type { RunRef, Session } from './session.js';
import type { StatusCache } from './status.js';
import { createStatusCache, readStatus } from './status.js';

/** Each absent key selects all. */
export interface OverviewFilter {
  readonly release?: string;
  readonly arch?: string;
  /** The step under way, the outcome, or `waiting-for-approval` and `paused`. */
  readonly phase?: string;
  readonly outcome?: string;
  readonly attention?: string;
  /** How many composes and images by hand are read at most, the newest first. */
  readonly limit?: number;
}

const READ_AT_ONCE = 8;
const LISTED_MAX = 50;
const LOOKED_AT_MAX = 1_000;

/** Throws a `ClientError` when the run does not exist. What has not changed comes from the cache. */
export async function readOverview(
  session: Session,
  run: Pick<RunRef, 'workflowId'> & { readonly runId?: string | undefined },
  cache?: StatusCache,
): Promise<Overview> {
  return overviewOf(await readStatus(session, run, cache));
}

/** Composes and images by hand, the newest run of each, newest first. */
export async function readOverviews(
  session: Session,
  filter: OverviewFilter = {},
  cache: StatusCache = createStatusCache(),
): Promise<Overview[]> {
  const types = [COMPOSE_WORKFLOW, PUBLISH_IMAGE_WORKFLOW].map(quoted).join(', ');
  const all = await listPublications(session, `WorkflowType IN (${types})`, LOOKED_AT_MAX);
  const listed = newestRuns(topLevel(all)).slice(0, filter.limit ?? LISTED_MAX);
  const read = await mapLimited(listed, READ_AT_ONCE, (run) => readIfThere(session, run, cache));
  return read
    .filter((one) => one !== undefined)
    .map((one) => narrowed(one, filter))
    .filter((one) => one !== undefined);
}

function topLevel(runs: readonly Publication[]): Publication[] {
  return runs.filter(({ child, kind }) => kind === 'compose' || !child);
}

/** Undefined when the run's retention has ended since it was listed. */
async function readIfThere(
  session: Session,
  run: Publication,
  cache: StatusCache,
): Promise<Overview | undefined> {
  try {
    return await readOverview(session, run, cache);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** A compose with the images that the filter selects; undefined when the filter selects no image. */
function narrowed(overview: Overview, filter: OverviewFilter): Overview | undefined {
  const { release } = filter;
  if (release !== undefined && overview.release !== release) return undefined;
  if (overview.kind === 'image') return isWanted(overview, filter) ? overview : undefined;
  const isPlain = Object.entries(filter).every(
    ([key, value]) => value === undefined || key === 'release' || key === 'limit',
  );
  if (isPlain) return overview;
  const images = overview.images.filter((image) => isWanted(image, filter));
  return images.length === 0 ? undefined : { ...overview, images };
}

function isWanted(
  image: ImageOverview,
  { arch, phase, outcome, attention }: OverviewFilter,
): boolean {
  return (
    (arch === undefined || image.arch === arch) &&
    (phase === undefined || phaseOf(image) === phase) &&
    (outcome === undefined || image.outcome === outcome) &&
    (attention === undefined || image.attention === attention)
  );
}

/** As the search attribute `Phase`. */
export function phaseOf({ outcome, hold, step }: ImageOverview): string | null {
  if (outcome !== 'running') return outcome;
  if (hold === null) return step;
  return hold.for === 'approval' ? 'waiting-for-approval' : 'paused';
}
