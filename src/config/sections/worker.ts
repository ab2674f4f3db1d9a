/** `[worker]` and `[timing]`: how much a worker takes on, and how often AWS is asked. */
import { z } from 'zod';
import { duration } from '../fields.js';

/** How much one worker takes on. */
export interface WorkerConfig {
  taskQueue: string;
  maxConcurrentActivities: number;
  maxCachedWorkflows: number;
  /** After SIGTERM, activities may run on for this long. */
  shutdownGraceMs: number;
}

/** How often AWS is asked while something is waited for. */
export interface TimingConfig {
  /** Instances, volumes, snapshots and images: one question a region and interval. */
  pollIntervalMs: number;
  /** The state of the write and of the test on the instance. */
  commandPollIntervalMs: number;
  /** Multiplies waits and time-outs; below 1 only against the local cloud. */
  scale: number;
}

export const workerSchema = z
  .strictObject({
    task_queue: z
      .string()
      .regex(/^[A-Za-z0-9][\w.-]{0,99}$/, 'is no task queue; allowed: letters, digits, ". _ -"')
      .default('fedimg')
      .describe("Temporal's task queue."),
    max_concurrent_activities: z
      .int()
      .min(1)
      .max(2000)
      .default(200)
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
  .transform((toml): WorkerConfig => ({
    taskQueue: toml.task_queue,
    maxConcurrentActivities: toml.max_concurrent_activities,
    maxCachedWorkflows: toml.max_cached_workflows,
    shutdownGraceMs: toml.shutdown_grace,
  }))
  .describe('How much one worker takes on.');

export const timingSchema = z
  .strictObject({
    poll_interval: duration('50ms', '5m')
      .prefault('10s')
      .describe('Between two questions to EC2 about what is waited for, per region.'),
    command_poll_interval: duration('50ms', '5m')
      .prefault('10s')
      .describe('Between two looks at a command on an instance.'),
    scale: z
      .number()
      .min(0.001)
      .max(10)
      .default(1)
      .describe('Multiplies waits and time-outs; below 1 is for the local cloud and tests.'),
  })
  .transform((toml): TimingConfig => ({
    pollIntervalMs: toml.poll_interval,
    commandPollIntervalMs: toml.command_poll_interval,
    scale: toml.scale,
  }))
  .describe('How often AWS is asked while something is waited for.');
