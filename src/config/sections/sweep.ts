/** `[sweep]`: how what terminated runs leave is removed. */
import { z } from 'zod';
import { duration } from '../fields.js';

/** When strays are looked for, and how many may go at once. */
export interface SweepConfig {
  enabled: boolean;
  everyMs: number;
  /** Unscaled: younger resources, and those of runs that closed later, are left alone. */
  graceMs: number;
  maxRemovals: number;
}

export const sweepSchema = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe('false: workers keep no schedule; `fedimg sweep` works all the same.'),
    every: duration('1m', '7d').prefault('15m').describe('Between two sweeps of the schedule.'),
    grace: duration('1m', '30d')
      .prefault('30m')
      .describe('Strays are removed this long after they were made and after their run closed.'),
    max_removals: z
      .int()
      .min(1)
      .max(500)
      .default(200)
      .describe('Resources that one sweep may remove in all regions together.'),
  })
  .transform((toml): SweepConfig => ({
    enabled: toml.enabled,
    everyMs: toml.every,
    graceMs: toml.grace,
    maxRemovals: toml.max_removals,
  }))
  .describe('Removal of what terminated runs leave.');
