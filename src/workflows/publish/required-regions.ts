/** The rule of `publish.required_regions`: an image without one of them fails. */

import { ApplicationFailure } from '@temporalio/workflow';
import type { FailureDetails } from '../../model/errors.js';
import { EC2_SERVICE_EXCEPTION } from '../../model/errors.js';
import type { Publication } from './publication.js';

/** Throws when a required region failed or was left out, with the reason of each. */
export function failWithoutRequired({ run, plan }: Publication): void {
  const missing = run.regionPlans
    .filter(({ required }) => required)
    .map(({ regionName }) => run.region(regionName))
    .filter(({ state }) => state === 'failed' || state === 'left-out');
  if (missing.length === 0) return;
  const reasons = missing.map(({ region, reason }) => `${region}: ${reason}`).join('; ');
  const details: FailureDetails = {
    code: 'required-region-failed',
    class: 'refused',
    next: nextOf(
      missing.map(({ region }) => region),
      plan.homeRegion,
    ),
  };
  throw ApplicationFailure.create({
    type: EC2_SERVICE_EXCEPTION,
    message: `required regions are incomplete: ${reasons}`,
    nonRetryable: true,
    details: [details],
  });
}

/** The home region is the first item of [[amis]], and no key of its own makes it required. */
function nextOf(missing: readonly string[], homeRegion: string): string {
  const named = missing.filter((name) => name !== homeRegion);
  const home = missing.includes(homeRegion)
    ? [`Repair ${homeRegion}, or put an item of another region first in [[amis]].`]
    : [];
  const others =
    named.length === 0
      ? []
      : [`Repair ${named.join(', ')}, or remove them from publish.required_regions.`];
  return [...home, ...others, 'Then publish again.'].join(' ');
}
