/** The completion of a published image: regions that it lacks get its AMIs, from the snapshot that was tested. */

import type { TestRecord } from '../progress/test-record.js';

/** What a client asks of a new run of an image that is published. */
export interface CompleteRequest {
  /** The run that left the regions out. */
  readonly of: string;
  /** Only these; absent: all that are missing. */
  readonly regions?: readonly string[];
}

/** What the plan found in the home region: no new write and no new test is needed. */
export interface Completion {
  readonly source: {
    readonly regionName: string;
    readonly snapshot: string;
    readonly rawSha256: string;
  };
  /** The evidence of the earlier run. */
  readonly tests: readonly TestRecord[];
  /** The regions to complete. Of the home region only AMIs may be missing. */
  readonly regions: readonly string[];
}
