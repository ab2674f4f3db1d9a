/** `[sweep]`: when the sweep runs, what it leaves alone, and how much it may remove. */
import { z } from 'zod';
import { camelCased } from '../camel-case.js';
import { duration } from '../fields.js';

export const sweepSchema = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe('false: workers keep no schedule; `fedimg sweep` still works.'),
    every: duration('1m', '7d').prefault('15m').describe('Between two sweeps of the schedule.'),
    /** `timing.scale` does not change it. */
    grace: duration('1m', '30d')
      .prefault('30m')
      .describe('The sweep keeps younger resources, and those of runs that closed more recently.'),
    max_removals: z
      .int()
      .min(1)
      .max(500)
      .default(200)
      .describe('Resources that one sweep may remove in all regions together.'),
  })
  .transform(camelCased)
  .describe('Removal of what terminated runs leave behind.');

/** When the sweep looks for strays, and how many it may remove at once. */
export type SweepConfig = z.output<typeof sweepSchema>;
