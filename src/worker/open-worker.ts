/** One worker on one task queue, with everything that stands around its attempts; in-process tests open the same one. */

import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import type {
  ActivityInterceptorsFactory,
  NativeConnection,
  WorkerOptions,
} from '@temporalio/worker';
import { Worker } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { ActivityContext } from '../activities/attempt/context.js';
import { Fence } from '../activities/attempt/fence.js';
import { AttemptInterceptor } from '../activities/attempt/interceptor.js';
import type { Aws } from '../aws/region-access.js';
import type { Config } from '../config/schema.js';
import { outOfTouchMs } from '../model/progress/heartbeat.js';
import { watchLeases } from './lease-watch.js';
import { allObservers } from '../aws/call-observer.js';
import { deliver } from '../notify/deliver.js';
import type { Tracing } from '../telemetry/tracing.js';
import type { WorkerMetrics } from '../telemetry/worker-metrics.js';
import { countedActivities, countedWays, runSinks } from './counted.js';
import { logRegion } from './log-region.js';
import { readInstallation } from './installation.js';
import type { ActivityOverrides } from './open-activities.js';
import { openActivities } from './open-activities.js';
import { outgoingMessages } from './outgoing-messages.js';
import { TemporalRuns } from './workflow-runs.js';

export interface OpenWorkerSettings {
  readonly config: Config;
  readonly log: Logger;
  /** The caller closes it, after the worker. */
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly metrics?: WorkerMetrics | undefined;
  readonly tracing?: Tracing | undefined;
}

/** What a test sets. */
export interface WorkerOverrides extends ActivityOverrides {
  readonly workflowBundle?: NonNullable<WorkerOptions['workflowBundle']>;
  /** Workflows run in the main thread: a worker starts in half the CPU time, and the SDK looks for no deadlock. */
  readonly debugMode?: boolean;
  /** Outermost around each attempt. */
  readonly activityInterceptors?: readonly ActivityInterceptorsFactory[];
  /** In place of the broker and the log. */
  readonly send?: ActivityContext['send'];
  /** In place of the configured channels. */
  readonly notify?: ActivityContext['notify'];
}

export interface OpenWorker {
  /** Does not poll before its `run`. */
  readonly worker: Worker;
  readonly client: Client;
  readonly aws: Aws;
  readonly fence: Fence;
  /** To be called once `run` has ended. */
  readonly close: () => Promise<void>;
}

/** Made by `npm run build`; from the sources, the bundle is made at start. */
const BUNDLE = fileURLToPath(new URL('../workflow-bundle.js', import.meta.url));
const TRACED_BUNDLE = fileURLToPath(new URL('../workflow-bundle-traced.js', import.meta.url));

/** A cancellation comes with the answer to a heartbeat. How many are sent is decided in `attempt/heartbeat.ts`. */
const HEARTBEAT_THROTTLE_MS = 2_000;

const STICKY_TIMEOUT_MS = 10_000;

/** Rejects when the server refuses the worker. */
export async function openWorker(
  { config, log, connection, namespace, metrics, tracing }: OpenWorkerSettings,
  overrides: WorkerOverrides = {},
): Promise<OpenWorker> {
  const { scale } = config.timing;
  const { deployment } = config;
  const installation = await readInstallation(connection, { namespace, deployment });
  const workflow = [...(tracing?.clientInterceptors ?? [])];
  const client = new Client({ connection, namespace, interceptors: { workflow } });
  const messages =
    overrides.send === undefined
      ? outgoingMessages(config, log)
      : { send: overrides.send, close: () => Promise.resolve() };
  const runs = new TemporalRuns(client.workflow);
  const { send } = messages;
  const notify =
    overrides.notify ??
    ((input, signal) => deliver(config.notify, input, { env: process.env, signal }));
  const observer = allObservers([metrics, tracing?.calls].filter((one) => one !== undefined));
  const ways = metrics === undefined ? { send, notify } : countedWays(metrics, { send, notify });
  const acts = openActivities({ config, installation, runs, observer, ...ways }, overrides);
  // Of the shortest time-out: attempts that may be silent for minutes are looked at as often, to be cancelled soon.
  const boundMs = outOfTouchMs() * scale;
  const fence = new Fence((heartbeatTimeoutMs) => outOfTouchMs(heartbeatTimeoutMs, scale));
  const stopWatching = watchLeases(connection, { fence, boundMs, namespace });
  const close = async () => {
    stopWatching();
    acts.close();
    await messages.close();
  };
  try {
    const { workflowModules, ...workflowCode } = workflows(overrides.workflowBundle, tracing);
    const worker = await Worker.create({
      ...workflowCode,
      ...limits(config),
      connection,
      namespace,
      debugMode: overrides.debugMode ?? false,
      identity: `fedimg@${hostname()}:${process.pid}`,
      activities: acts.activities,
      sinks: { ...(metrics === undefined ? {} : runSinks(metrics)), ...tracing?.sinks },
      interceptors: {
        workflowModules,
        activity: [
          ...(overrides.activityInterceptors ?? []),
          logRegion,
          ...(tracing?.activityInterceptors ?? []),
          ...(metrics === undefined ? [] : [countedActivities(metrics)]),
          (context) => ({ inbound: new AttemptInterceptor(context, { fence, scale, deployment }) }),
        ],
      },
    });
    return { worker, client, aws: acts.aws, fence, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function workflows(
  given: WorkerOverrides['workflowBundle'],
  tracing: Tracing | undefined,
): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'> & {
  readonly workflowModules: string[];
} {
  if (given !== undefined) return { workflowBundle: given, workflowModules: [] };
  const built = tracing === undefined ? BUNDLE : TRACED_BUNDLE;
  if (existsSync(built)) return { workflowBundle: { codePath: built }, workflowModules: [] };
  const source = (name: string) => {
    const compiled = fileURLToPath(new URL(`../workflows/${name}.js`, import.meta.url));
    return existsSync(compiled) ? compiled : compiled.replace(/\.js$/, '.ts');
  };
  const traced = tracing === undefined ? [] : [tracing.workflowModule];
  return { workflowsPath: source('index'), workflowModules: [source('time-scale'), ...traced] };
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
