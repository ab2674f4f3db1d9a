/** The turns of snapshot copies to one region, of which EC2 runs only so many at a time. */

import { ServiceError } from '../model/errors.js';
import { obstacleSink } from './obstacles.js';
import type { RegionAccess } from './region-access.js';

/** What names the place that a copy waits for. */
const PLACE = 'copy-slots';

/**
 * Begins a copy as soon as EC2 has a place for it: other workers and other programs of the account take places, too.
 * Waits here, because each retry of the activity would cost an action. Rejects when `signal` aborts.
 */
export async function whenEc2HasPlace<T>(
  ec2: RegionAccess,
  begin: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  for (;;) {
    try {
      const begun = await begin();
      obstacleSink()?.(PLACE, undefined);
      return begun;
    } catch (error) {
      if (!(error instanceof ServiceError) || error.details.code !== PLACE) throw error;
      const pauseMs = ec2.settings.visibilityMs;
      obstacleSink()?.(PLACE, {
        class: error.details.class,
        message: error.message,
        region: ec2.name,
        nextTryAt: new Date(Date.now() + pauseMs).toISOString(),
      });
      await Promise.race([ec2.copyTurns.nextEnd(signal), ec2.clock.delay(pauseMs, signal)]);
      signal.throwIfAborted();
    }
  }
}
