/** The worker: workflows and activities on one task queue, until it is told to stop. */

import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import type { WorkerOptions } from '@temporalio/worker';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { Logger } from 'pino';
import { createActivities } from '../activities/index.js';
import { AttemptInterceptor } from '../activities/attempt/interceptor.js';
import { attemptGate, Fence } from '../activities/attempt/fence.js';
import { Aws, scaledAwsSettings } from '../aws/region-access.js';
import type { Config } from '../config/schema.js';
import { OUT_OF_TOUCH_MS } from '../model/progress/heartbeat.js';
import { createUrlPolicy } from '../fetch/url-policy.js';
import { temporalSettings } from '../temporal-settings.js';
import { packageVersion } from '../package-version.js';
import { outgoingMessages } from './outgoing-messages.js';
import { installRuntime } from './runtime.js';
import { watchLeases } from './lease-watch.js';
import { keepSweepSchedule } from './sweep-schedule.js';
import { TemporalRuns } from './workflow-runs.js';

export interface WorkerSettings {
  readonly config: Config;
  readonly log: Logger;
  /** Ends the worker as SIGTERM does. */
  readonly signal?: AbortSignal;
  /** Called when it polls: what it takes up from then on is its own. */
  readonly onReady?: () => void;
}

/** Made by `npm run build`; from the sources, the bundle is made at start. */
const BUNDLE = fileURLToPath(new URL('../workflow-bundle.js', import.meta.url));

/** A cancellation must reach an activity soon; the heartbeats of 200 of them cost little. */
const HEARTBEAT_THROTTLE_MS = 2_000;

const STICKY_TIMEOUT_MS = 10_000;

/** Resolves after a graceful end; rejects when the server is out of reach at start. */
export async function runWorker(settings: WorkerSettings): Promise<void> {
  const { config, log, signal, onReady } = settings;
  installRuntime(log);
  const { connectionOptions, namespace = 'default' } = temporalSettings();
  const connection = await NativeConnection.connect(connectionOptions);
  const { pollIntervalMs, commandPollIntervalMs, scale } = config.timing;
  const aws = new Aws(scaledAwsSettings(scale, { pollIntervalMs, commandPollIntervalMs }), {
    gate: attemptGate(packageVersion()),
  });
  const boundMs = OUT_OF_TOUCH_MS * scale;
  const fence = new Fence(boundMs);
  const stopWatching = watchLeases(connection, { fence, boundMs, namespace });
  const messages = outgoingMessages(config, log);
  const client = new Client({ connection, namespace });
  try {
    const { workflowModules, ...source } = workflows();
    const worker = await Worker.create({
      ...source,
      ...limits(config),
      connection,
      namespace,
      identity: `fedimg@${hostname()}:${process.pid}`,
      activities: createActivities({
        aws,
        clock: aws.clock,
        config,
        urlPolicy: createUrlPolicy(config.source),
        runs: new TemporalRuns(client.workflow),
        send: messages.send,
      }),
      interceptors: {
        workflowModules,
        activity: [(context) => ({ inbound: new AttemptInterceptor(context, { fence, scale }) })],
      },
    });
    const stop = () => worker.shutdown();
    signal?.addEventListener('abort', stop, { once: true });
    const running = worker.run();
    log.info({ taskQueue: config.worker.taskQueue }, 'worker is ready');
    onReady?.();
    if (signal?.aborted === true) stop();
    const ended = new AbortController();
    const scheduling = keepSweepSchedule(client, config, log, ended.signal);
    await running.finally(() => ended.abort());
    await scheduling;
    signal?.removeEventListener('abort', stop);
  } finally {
    stopWatching();
    aws.destroy();
    await messages.close();
    await connection.close();
  }
}

/** The built bundle; from the sources, it is made at start. */
function workflows(): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'> & {
  readonly workflowModules: string[];
} {
  if (existsSync(BUNDLE)) return { workflowBundle: { codePath: BUNDLE }, workflowModules: [] };
  const source = (name: string) => {
    const compiled = fileURLToPath(new URL(`../workflows/${name}.js`, import.meta.url));
    return existsSync(compiled) ? compiled : compiled.replace(/\.js$/, '.ts');
  };
  return { workflowsPath: source('index'), workflowModules: [source('time-scale')] };
}

function limits({ worker, timing }: Config): Omit<WorkerOptions, 'connection'> {
  return {
    taskQueue: worker.taskQueue,
    maxConcurrentActivityTaskExecutions: worker.maxConcurrentActivities,
    maxCachedWorkflows: worker.maxCachedWorkflows,
    // In-flight waits end and are taken up by the next worker; must stay under the service
    // manager's own patience (systemd's TimeoutStopSec is 90 s).
    shutdownGraceTime: worker.shutdownGraceMs,
    shutdownForceTime: worker.shutdownGraceMs + 15_000,
    // Scaled as the time-out is: the bound of the fence counts on the proportion of the two.
    maxHeartbeatThrottleInterval: HEARTBEAT_THROTTLE_MS * timing.scale,
    defaultHeartbeatThrottleInterval: HEARTBEAT_THROTTLE_MS * timing.scale,
    // How long a run waits for a worker that knows it already and was killed.
    stickyQueueScheduleToStartTimeout: STICKY_TIMEOUT_MS * timing.scale,
  };
}
