/** What a run leaves on record: its result, and its last line in the log. */

import type { ImageRequest, RegionPlan } from '../../model/plan/plan.js';
import { amiRecords, imageFacts, passedVariants } from '../../model/catalogue/ami-records.js';
import { variantKey } from '../../model/ids/variant.js';
import type {
  AmiRecord,
  ImageOutcome,
  ImageProgress,
  ImageResult,
  RegionProgress,
  RegionState,
} from '../../model/progress/progress.js';

/** A run as its record sees it. */
export interface RecordedRun {
  readonly request: ImageRequest;
  /** All regions of the plan, the home region first. */
  readonly regionPlans: readonly RegionPlan[];
  readonly progress: ImageProgress;
}

/** Of a failed region the record lists only AMIs that were public before the region failed. */
const RESULT_STATES: readonly RegionState[] = ['published', 'private', 'failed'];

/** The regions with AMIs that stay, the home region first. */
export function regionsWithResults({ regionPlans, progress }: RecordedRun): RegionProgress[] {
  return regionPlans
    .flatMap(({ regionName }) => progress.regions.find(({ region }) => region === regionName) ?? [])
    .filter(({ state, amis }) => RESULT_STATES.includes(state) && amis.length > 0);
}

export function imageResult(
  run: RecordedRun,
  outcome: ImageResult['outcome'],
  raw: Pick<ImageResult, 'rawSha256' | 'rawSizeBytes'>,
): ImageResult {
  const { workflowId, regions, tests, untested, unsent, acts } = run.progress;
  return {
    workflowId,
    outcome,
    amis: regions.flatMap((region) => recordsOf(run, region)),
    ...raw,
    tests,
    failedRegions: regions
      .filter(({ state }) => state === 'failed' || state === 'left-out')
      .map(({ region, reason = 'unknown', next }) => ({
        region,
        reason,
        ...(next === undefined ? {} : { next }),
      })),
    ...(untested === undefined ? {} : { untested }),
    ...(unsent === undefined ? {} : { unsent }),
    ...(acts === undefined ? {} : { acts }),
  };
}

/** One log record with every AMI id, in the same form for every outcome. */
export function imageSummary(
  run: RecordedRun,
  outcome: ImageOutcome,
  isPublic: boolean,
): Record<string, unknown> {
  const amisOf = ({ amis }: RegionProgress) =>
    Object.fromEntries(amis.map(({ variant, ami }) => [variantKey(variant), ami]));
  const leftOut = run.progress.regions.filter(({ reason }) => reason !== undefined);
  const { compose, image, arch } = imageFacts(run.request);
  const { failure } = run.progress;
  return {
    ...{ compose, image, arch, outcome },
    ...(failure === undefined ? {} : { failure }),
    public: isPublic,
    amis: Object.fromEntries(regionsWithResults(run).map((one) => [one.region, amisOf(one)])),
    leftOut: Object.fromEntries(leftOut.map(({ region, reason }) => [region, reason])),
  };
}

function recordsOf(
  { request, regionPlans, progress }: RecordedRun,
  region: RegionProgress,
): AmiRecord[] {
  const plan = regionPlans.find(({ regionName }) => regionName === region.region);
  if (plan === undefined) return [];
  const records = amiRecords({
    image: imageFacts(request),
    tested: passedVariants(progress.tests),
    plan,
    progress: region,
  });
  return records.sort((a, b) => variantKey(a).localeCompare(variantKey(b)));
}
