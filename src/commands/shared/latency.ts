/** The latency profile of the local cloud as an option; in a file of its own, because it loads the local cloud. */

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
