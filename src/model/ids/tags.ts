/** The tags on every resource that fedimg makes; undo, the sweep and the catalogue read them. */

import type { Installation } from './installation.js';
import type { Variant } from './variant.js';
import { variantKey } from './variant.js';

export const MANAGED_BY = { key: 'managed-by', value: 'fedimg' } as const;

export const TAG = {
  deployment: 'fedimg:deployment',
  /** The id of the Temporal cluster that runs the workflow: another cluster does not know the run. */
  cluster: 'fedimg:cluster',
  /** The Temporal namespace of the workflow. */
  namespace: 'fedimg:namespace',
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
  /** All variants of the image; a `-` marks those that the region cannot have. */
  variants: 'fedimg:variants',
  /** The variants that pass the test before any AMI of the image becomes a result. */
  tests: 'fedimg:tests',
  /** The AMIs' names, as a template with the placeholders of region and variant. */
  names: 'fedimg:names',
  sha256: 'fedimg:sha256',
  rawSha256: 'fedimg:raw-sha256',
  sourceSnapshot: 'fedimg:source-snapshot',
  /** The closed run that left the resource; `fedimg:run` is the run that goes on with it. */
  adoptedFrom: 'fedimg:adopted-from',
  state: 'fedimg:state',
  /** ISO 8601: until then the AMIs of a failed test are kept for inspection. */
  keepUntil: 'fedimg:keep-until',
} as const;

/** Whether fedimg sets this tag itself. IAM compares the keys of tags without case ("Condition keys for tags"), so that `Fedimg:Run` would be taken for ours. */
export function isFedimgKey(key: string): boolean {
  const lower = key.toLowerCase();
  return lower === 'name' || lower === MANAGED_BY.key || lower.startsWith('fedimg:');
}

/** Before the variant, on the AMI and the snapshot of a test that has passed. */
export const PASSED_PREFIX = 'fedimg:passed:';

/** Before a virtualization type that could not be tested, with the reason, on the snapshot and its AMIs. */
export const UNTESTED_PREFIX = 'fedimg:untested:';

/**
 * On every AMI and snapshot from its creation. It becomes `complete` with its region: tested and, unless the
 * configuration keeps results private, public. It outlives the run's history, which Temporal removes in time.
 */
export const RESULT_STATE = { unfinished: 'unfinished', complete: 'complete' } as const;

/** EC2 user guide, "Tag your Amazon EC2 resources": restrictions. */
export const TAG_VALUE_CHARS_MAX = 256;

/** The step that made a resource. Workflow id and step name the undo that may remove it. */
export type StepTag = 'utility' | 'snapshot' | 'register' | 'test' | 'copy';

export type Tags = Readonly<Record<string, string>>;

/** The run that makes a resource, and its image. */
export interface Origin extends Installation {
  readonly workflowId: string;
  /** The first run id of the chain: a rerun of the same image must not adopt a dead run's instances. */
  readonly runId: string;
  readonly composeId: string;
  readonly release: string;
  readonly image: string;
  readonly arch: string;
  /** `RC-1.7`: it distinguishes a release from its Beta. Nightly composes have none. */
  readonly label?: string;
  readonly subvariant?: string;
  /** Of the compressed file; absent when the request has none. */
  readonly sha256?: string;
  /** The operator's own tags, on every resource; only {region} may be left to fill in. */
  readonly ownTags?: Tags;
}

export function originTags(origin: Origin, step: StepTag, name: string): Tags {
  return {
    ...origin.ownTags,
    Name: name,
    ...runKey(origin),
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

/** The tags by which a step finds the resources of its earlier attempt. */
export function stepKey(origin: Origin, step: StepTag): Tags {
  return { ...runKey(origin), [TAG.step]: step };
}

/** The tags of everything that one run makes. */
export function runKey(origin: Origin): Tags {
  return {
    ...installationKey(origin),
    [TAG.workflow]: origin.workflowId,
    [TAG.run]: origin.runId,
  };
}

/** fedimg changes and removes only resources with these tags. */
export function installationKey({ deployment, cluster, namespace }: Installation): Tags {
  return {
    ...deploymentKey(deployment),
    [TAG.cluster]: cluster,
    [TAG.namespace]: namespace,
  };
}

/** For reading only: another installation may have the same deployment name. */
export function deploymentKey(deployment: string): Tags {
  return { ...managedKey(), [TAG.deployment]: deployment };
}

/** For reading only: the resources of all installations in the account. */
export function managedKey(): Tags {
  return { [MANAGED_BY.key]: MANAGED_BY.value };
}

/**
 * The tags by which all AMIs of an image are found, from every run of the deployment. Without the cluster and the
 * namespace: when the Temporal server is built anew or the deployment moves to another one, its published AMIs must
 * still be found, or the image would be written again and fail because its names are taken. Such AMIs are adopted
 * as results, and never changed or removed.
 */
export function imageKey(
  origin: Pick<Origin, 'deployment' | 'composeId' | 'image' | 'arch'>,
): Tags {
  return {
    ...deploymentKey(origin.deployment),
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
