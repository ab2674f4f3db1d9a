/** The tags on everything that fedimg makes: what the clean-up, the sweep and the catalogue go by. */

import type { Variant } from './variant.js';
import { variantKey } from './variant.js';

export const MANAGED_BY = { key: 'managed-by', value: 'fedimg' } as const;

export const TAG = {
  deployment: 'fedimg:deployment',
  workflow: 'fedimg:workflow',
  run: 'fedimg:run',
  step: 'fedimg:step',
  compose: 'fedimg:compose',
  release: 'fedimg:release',
  image: 'fedimg:image',
  arch: 'fedimg:arch',
  label: 'fedimg:label',
  subvariant: 'fedimg:subvariant',
  variant: 'fedimg:variant',
  /** All variants of the image; with a `-` those that its region cannot have. */
  variants: 'fedimg:variants',
  /** The variants that pass the test before any AMI of the image becomes a result. */
  tests: 'fedimg:tests',
  /** The AMIs' names, with region and variant left open. */
  names: 'fedimg:names',
  sha256: 'fedimg:sha256',
  rawSha256: 'fedimg:raw-sha256',
  sourceSnapshot: 'fedimg:source-snapshot',
  state: 'fedimg:state',
  /** ISO 8601: what a failed test left is kept for inspection until then. */
  keepUntil: 'fedimg:keep-until',
} as const;

/**
 * On every AMI and snapshot from its first moment. `complete` once its region is: tested and, unless results
 * stay private, public. Retention forgets runs; this says what is a result for as long as it exists.
 */
export const RESULT_STATE = { unfinished: 'unfinished', complete: 'complete' } as const;

/** EC2 user guide, "Tag your Amazon EC2 resources": restrictions. */
export const TAG_VALUE_CHARS_MAX = 256;

/** The step that made a resource; with the workflow id it says what may undo it. */
export type StepTag = 'utility' | 'snapshot' | 'register' | 'test' | 'copy';

export type Tags = Readonly<Record<string, string>>;

/** Who makes a resource, and for which image. */
export interface Origin {
  readonly deployment: string;
  readonly workflowId: string;
  /** The first run id of the chain: a rerun of the same image must not take up a dead run's instances. */
  readonly runId: string;
  readonly composeId: string;
  readonly release: string;
  readonly image: string;
  readonly arch: string;
  /** `RC-1.7`: by this a list tells a release from its Beta. Nightly composes have none. */
  readonly label?: string;
  readonly subvariant?: string;
  /** Of the compressed file, when it was named. */
  readonly sha256?: string;
}

export function originTags(origin: Origin, step: StepTag, name: string): Tags {
  return {
    Name: name,
    [MANAGED_BY.key]: MANAGED_BY.value,
    [TAG.deployment]: origin.deployment,
    [TAG.workflow]: origin.workflowId,
    [TAG.run]: origin.runId,
    [TAG.step]: step,
    [TAG.compose]: origin.composeId,
    [TAG.release]: origin.release,
    [TAG.image]: origin.image,
    [TAG.arch]: origin.arch,
    ...(origin.label === undefined ? {} : { [TAG.label]: origin.label }),
    ...(origin.subvariant === undefined ? {} : { [TAG.subvariant]: origin.subvariant }),
    ...(origin.sha256 === undefined ? {} : { [TAG.sha256]: origin.sha256 }),
  };
}

/** The tags by which a step finds what an earlier attempt of it made. */
export function stepKey(origin: Origin, step: StepTag): Tags {
  return {
    [MANAGED_BY.key]: MANAGED_BY.value,
    [TAG.deployment]: origin.deployment,
    [TAG.workflow]: origin.workflowId,
    [TAG.run]: origin.runId,
    [TAG.step]: step,
  };
}

/** The tags without which nothing is ever changed or removed. */
export function deploymentKey(deployment: string): Tags {
  return { [MANAGED_BY.key]: MANAGED_BY.value, [TAG.deployment]: deployment };
}

/** The tags by which all AMIs of an image are found, whichever run registered them. */
export function imageKey(
  origin: Pick<Origin, 'deployment' | 'composeId' | 'image' | 'arch'>,
): Tags {
  return {
    [MANAGED_BY.key]: MANAGED_BY.value,
    [TAG.deployment]: origin.deployment,
    [TAG.compose]: origin.composeId,
    [TAG.image]: origin.image,
    [TAG.arch]: origin.arch,
  };
}

export function snapshotTags(origin: Origin, step: StepTag, rawSha256: string): Tags {
  return {
    ...originTags(origin, step, origin.image),
    [TAG.rawSha256]: rawSha256,
    [TAG.state]: RESULT_STATE.unfinished,
  };
}

export function amiTags(options: {
  origin: Origin;
  step: StepTag;
  name: string;
  variant: Variant;
  rawSha256: string;
}): Tags {
  return {
    ...originTags(options.origin, options.step, options.name),
    [TAG.variant]: variantKey(options.variant),
    [TAG.rawSha256]: options.rawSha256,
    [TAG.state]: RESULT_STATE.unfinished,
  };
}
