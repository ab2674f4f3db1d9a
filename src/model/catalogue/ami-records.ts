/** Rows of the catalogue: each AMI that a plan wants, made or missing, and each that the plan leaves out. */

import type { ImageRequest, LeftOutAmi, RegionPlan } from '../plan/plan.js';
import type { AmiRecord, ImageOutcome, RegionProgress } from '../progress/progress.js';
import type { TestRecord } from '../progress/test-record.js';
import { variantKey } from '../ids/variant.js';

/** The columns that all AMIs of an image share. */
export type ImageFacts = Pick<
  AmiRecord,
  'compose' | 'release' | 'image' | 'arch' | 'label' | 'subvariant'
>;

export function imageFacts({ composeId, release, label, image }: ImageRequest): ImageFacts {
  const facts = { compose: composeId, release, image: image.name, arch: image.arch };
  return { ...facts, ...(label === undefined ? {} : { label }), subvariant: image.subvariant };
}

/** The keys of the variants that passed. */
export function passedVariants(tests: readonly TestRecord[]): string[] {
  return tests.filter(({ exitStatus }) => exitStatus === 0).map(({ variant }) => variant);
}

/** The rows of one region. A missing AMI has `ami: null` and a reason. */
export function amiRecords(options: {
  readonly image: ImageFacts;
  /** The keys of the variants that passed the test. */
  readonly tested: readonly string[];
  readonly plan: RegionPlan;
  readonly progress: RegionProgress;
}): AmiRecord[] {
  const { image, plan, progress } = options;
  const { regionName: region } = plan;
  const wanted = plan.wanted.map((want): AmiRecord => {
    const made = progress.amis.find((ami) => ami.name === want.name);
    const isPublic = progress.state === 'published' || progress.state === 'failed';
    if (made !== undefined && (isPublic || progress.state === 'private')) {
      const tested = made.made?.tested ?? options.tested.includes(variantKey(want.variant));
      return {
        ...{ ...image, ...want.variant, region, name: want.name },
        ...{ ami: made.ami, snapshot: made.snapshot, tested },
        public: isPublic && made.isPrivate !== true,
        ...(made.owner === undefined ? {} : { owner: made.owner }),
        ...(made.made === undefined ? {} : { run: made.made.by }),
      };
    }
    const reason = progress.reason ?? plan.unusable ?? `not published: ${progress.state}`;
    return missingRecord(image, { ...want, region, reason });
  });
  return [...wanted, ...plan.leftOut.map((left) => missingRecord(image, { ...left, region }))];
}

export function missingRecord(
  image: ImageFacts,
  { variant, region, name, reason }: LeftOutAmi & { readonly region: string },
): AmiRecord {
  const nothing = { ami: null, snapshot: null, public: false, tested: false };
  return { ...image, ...variant, region, name, ...nothing, reason };
}

/** Adds the reason why a region has no AMIs, where the run recorded none. */
export function withReason(
  progress: RegionProgress,
  outcome: 'running' | 'ended' | 'terminated' | ImageOutcome,
): RegionProgress {
  if (progress.reason !== undefined) return progress;
  const reason =
    outcome === 'running'
      ? `not public yet: ${progress.state}`
      : `not published: the run ${outcome === 'failed' ? 'failed' : `was ${outcome}`}`;
  return { ...progress, reason };
}
