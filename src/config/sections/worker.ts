/** `[worker]` and `[timing]`: how much a worker takes on, and how often AWS is asked. */
import { z } from 'zod';
import { camelCased } from '../camel-case.js';
import { duration } from '../fields.js';

export const workerSchema = z
  .strictObject({
    task_queue: z
      .string()
      .regex(/^[A-Za-z0-9][\w.-]{0,99}$/, 'is not a task queue; allowed: letters, digits, ". _ -"')
      .optional()
      .describe("Temporal's task queue; default: the deployment's name."),
    max_concurrent_activities: z
      .int()
      .min(1)
      .max(2000)
      .default(1000)
      .describe('Activities at once; most of them only wait, one a region.'),
    max_cached_workflows: z
      .int()
      .min(1)
      .max(2000)
      .default(100)
      .describe('Workflows kept in memory; near the number of images at once.'),
    shutdown_grace: duration('0s', '1h')
      .prefault('30s')
      .describe('After SIGTERM, activities may run on for this long.'),
  })
  .transform(camelCased)
  .describe('How much one worker takes on.');

/** How much one worker takes on. */
export type WorkerConfig = z.output<typeof workerSchema>;

export const timingSchema = z
  .strictObject({
    poll_interval: duration('50ms', '5m')
      .optional()
      .describe(
        'A fixed time between two Describe calls in a region; default: by what is awaited, from 4 s to 6 minutes.',
      ),
    /** Of the write and of the test. */
    command_poll_interval: duration('50ms', '5m')
      .optional()
      .describe(
        'Between two checks of a command on an instance; default: 2 s, or what is expected.',
      ),
    scale: z
      .number()
      .min(0.001)
      .max(10)
      .default(1)
      .describe('Multiplies waits and time-outs; below 1 is for the local cloud and tests.'),
  })
  .transform(camelCased)
  .describe('How often AWS is asked while fedimg waits.');

/** How often AWS is asked while fedimg waits. */
export type TimingConfig = z.output<typeof timingSchema>;
