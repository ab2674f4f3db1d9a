/** What is given to the acts that copy an image to a region and publish it there. */

import type { Origin } from '../../model/ids/tags.js';
import type { Arch, Variant } from '../../model/ids/variant.js';
import type { LeftOutRegion } from '../../model/plan/plan-tags.js';
import type { RegionPlan, RegisteredAmi, RegistrationPlan } from '../../model/plan/plan.js';
import type { TestRecord } from '../../model/progress/test-record.js';
import type { SnapshotSource } from './image.js';

export interface CopySnapshotInput {
  readonly origin: Origin;
  /** The region of the copy. */
  readonly regionName: string;
  readonly source: SnapshotSource;
}

export interface CopyToRegionInput {
  readonly origin: Origin;
  readonly arch: Arch;
  readonly registration: RegistrationPlan;
  readonly regionPlan: RegionPlan;
  readonly source: SnapshotSource;
  /** From the moment when the copy could begin, over all attempts; without it only the run's own timer bounds the region. */
  readonly patienceMs?: number;
  /** An earlier activity of this run may have made the copy: it began with the test, or the operator has retried the region. */
  readonly copyMayExist?: true;
}

export interface PublishRegionInput {
  readonly origin: Origin;
  readonly regionName: string;
  readonly amis: readonly RegisteredAmi[];
  /** The hash of the tested bytes. Only a snapshot with this hash in its tag becomes public. */
  readonly rawSha256: string;
  /** Each of these must have a passed test in `tests`, which are those of the same run. */
  readonly variantsToTest: readonly Variant[];
  readonly tests: readonly Pick<TestRecord, 'variant' | 'exitStatus'>[];
}

export interface KeepRegionInput {
  readonly regionName: string;
  readonly amis: readonly RegisteredAmi[];
}

export interface NoteLeftOutInput {
  /** The region of the AMIs that get the note. */
  readonly regionName: string;
  readonly amis: readonly string[];
  readonly leftOut: readonly LeftOutRegion[];
  /** How many more tags an AMI may have. */
  readonly room: number;
}
