/** What the incidents of EC2's answers share. */

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { ApplicationFailure } from '@temporalio/common';
import type { FailureDetails } from '../../src/model/errors.js';

export function detailsOf(error: unknown): FailureDetails {
  return (error as ApplicationFailure).details?.[0] as FailureDetails;
}

/** What comes of an act that is tried again for as long as its failures allow it. */
export async function retried<T>(act: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await act();
    } catch (error) {
      assert.equal((error as ApplicationFailure).nonRetryable, false, String(error));
      assert(attempt < 30, String(error));
      // Temporal pauses, too.
      await delay(100);
    }
  }
}
