/** The worker: workflows and activities on one task queue, until it is told to stop. */

import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { WorkerOptions } from '@temporalio/worker';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { Logger } from 'pino';
import { createActivities } from '../activities/index.js';
import { ErrorInterceptor } from '../activities/error-interceptor.js';
import type { AwsSettings } from '../aws/region-access.js';
import { Aws, AWS_DEFAULTS } from '../aws/region-access.js';
import type { Config } from '../config/schema.js';
import type { Announcement } from '../model/announcement.js';
import { createUrlPolicy } from '../source/url-policy.js';
import { temporalSettings } from '../temporal-settings.js';
import { installRuntime } from './runtime.js';

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
const WORKFLOWS = fileURLToPath(new URL('../workflows/index.js', import.meta.url));

/** A cancellation must reach an activity soon; the heartbeats of 200 of them cost little. */
const HEARTBEAT_THROTTLE = '2s';

/** Resolves after a graceful end; rejects when the server is out of reach at start. */
export async function runWorker(settings: WorkerSettings): Promise<void> {
  const { config, log, signal, onReady } = settings;
  installRuntime(log);
  const { connectionOptions, namespace } = temporalSettings();
  const connection = await NativeConnection.connect(connectionOptions);
  const aws = new Aws(awsSettings(config));
  try {
    const worker = await Worker.create({
      ...workflowSource(),
      ...limits(config),
      connection,
      namespace: namespace ?? 'default',
      identity: `fedimg@${hostname()}:${process.pid}`,
      activities: createActivities({
        aws,
        config,
        urlPolicy: createUrlPolicy(config.source),
        send: (announcement) => logAnnouncement(log, announcement),
      }),
      interceptors: {
        activity: [(context) => ({ inbound: new ErrorInterceptor(context) })],
      },
    });
    const stop = () => worker.shutdown();
    signal?.addEventListener('abort', stop, { once: true });
    const running = worker.run();
    log.info({ taskQueue: config.worker.taskQueue }, 'worker is ready');
    onReady?.();
    if (signal?.aborted === true) stop();
    await running;
    signal?.removeEventListener('abort', stop);
  } finally {
    aws.destroy();
    await connection.close();
  }
}

function workflowSource(): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'> {
  return existsSync(BUNDLE)
    ? { workflowBundle: { codePath: BUNDLE } }
    : { workflowsPath: WORKFLOWS.replace(/\.js$/, existsSync(WORKFLOWS) ? '.js' : '.ts') };
}

function limits({ worker }: Config): Omit<WorkerOptions, 'connection'> {
  return {
    taskQueue: worker.taskQueue,
    maxConcurrentActivityTaskExecutions: worker.maxConcurrentActivities,
    maxCachedWorkflows: worker.maxCachedWorkflows,
    // In-flight waits end and are taken up by the next worker; must stay under the service
    // manager's own patience (systemd's TimeoutStopSec is 90 s).
    shutdownGraceTime: worker.shutdownGraceMs,
    shutdownForceTime: worker.shutdownGraceMs + 15_000,
    maxHeartbeatThrottleInterval: HEARTBEAT_THROTTLE,
    defaultHeartbeatThrottleInterval: HEARTBEAT_THROTTLE,
  };
}

function awsSettings({ timing }: Config): AwsSettings {
  const { pollIntervalMs, commandPollIntervalMs, scale } = timing;
  return {
    pollIntervalMs,
    commandPollIntervalMs,
    followSeconds: Math.max(1, Math.round(AWS_DEFAULTS.followSeconds * scale)),
    visibilityMs: AWS_DEFAULTS.visibilityMs * scale,
    agentPatienceMs: AWS_DEFAULTS.agentPatienceMs * scale,
    // How long AWS takes to answer one call is no matter of scale.
    answerPatienceMs: AWS_DEFAULTS.answerPatienceMs,
  };
}

/** Without a broker, the log is where the messages go. */
function logAnnouncement(log: Logger, { topic, key, body }: Announcement): Promise<void> {
  log.info({ topic: `fedimg.${topic}`, messageKey: key, body }, 'message');
  return Promise.resolve();
}
