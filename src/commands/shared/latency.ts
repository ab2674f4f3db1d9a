/** The local cloud's latency profiles as an option; apart, so that only the commands that have it load the local cloud. */

import type { LatencyProfile } from '../../simulator/index.js';
import { LATENCY_PROFILES } from '../../simulator/index.js';
import { usageError } from './problem.js';

/** For `--help`: the latency profiles of the local cloud. */
export const LATENCY_NAMES = LATENCY_PROFILES.join(', ');

export function parseLatency(text: string): LatencyProfile {
  const known = LATENCY_PROFILES.find((one) => one === text);
  if (known !== undefined) return known;
  throw usageError(`--latency ${text} is unknown`, `Allowed: ${LATENCY_NAMES}.`);
}
