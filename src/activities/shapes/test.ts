/** What is given to the acts of the test step. */

import type { Origin, StepTag } from '../../model/ids/tags.js';
import type { Arch } from '../../model/ids/variant.js';
import type { RegisteredAmi, TestPlan } from '../../model/plan/plan.js';
import type { Untested } from '../../model/plan/untested.js';
import type { InstanceRef } from './image.js';

export interface LaunchTestInput {
  readonly origin: Origin;
  readonly regionName: string;
  readonly arch: Arch;
  readonly test: TestPlan;
  readonly ami: RegisteredAmi;
  readonly generation: number;
}

export interface RunTestInput {
  readonly origin: Origin;
  readonly test: TestPlan;
  readonly ami: RegisteredAmi;
  readonly instance: InstanceRef;
  /** Which instance of this test it is; for people. */
  readonly attempt?: { readonly number: number; readonly of: number };
}

export interface LeaveOutUntestedInput {
  readonly regionName: string;
  readonly untested: Untested;
  /** The AMIs of this type: they are deregistered. */
  readonly amis: readonly string[];
  /** The snapshot and the other AMIs: they get the note. */
  readonly kept: readonly string[];
}

export interface KeepFailedInput {
  readonly origin: Origin;
  readonly regionName: string;
  readonly steps: readonly StepTag[];
  /** ISO 8601: the sweep removes the resources after this time. */
  readonly until: string;
}
