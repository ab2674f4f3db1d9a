/** What stands beside a worker: its metrics, its traces, and the monitor of the deployment. */

import { setMaxListeners } from 'node:events';
import type { Logger } from 'pino';
import { Aws, scaledAwsSettings } from '../../aws/region-access.js';
import type { Config } from '../../config/schema.js';
import type { ListenAddress } from '../../model/listen-address.js';
import { checkChannels, configuredChannels } from '../../notify/deliver.js';
import { packageVersion } from '../../package-version.js';
import { DeploymentMetrics } from '../../telemetry/deployment-metrics.js';
import type { Health } from '../../telemetry/metrics-server.js';
import { READY } from '../../telemetry/metrics-server.js';
import { openTracing } from '../../telemetry/open-tracing.js';
import { WorkerMetrics } from '../../telemetry/worker-metrics.js';
import { Monitor } from '../../monitor/monitor.js';
import { sdkMetrics } from '../../worker/sdk-metrics.js';
import type { WorkerSettings } from '../../worker/worker.js';
import { newRegistry, openMetrics } from './metrics.js';
import { withSession } from './with-session.js';

export interface Observation {
  /** For the worker. */
  readonly worker: Pick<WorkerSettings, 'metrics' | 'tracing' | 'sdkMetricsAddress'>;
  /** The worker is ready: begins the monitor, where metrics or notifications need it. `stateOf` is the worker's state. */
  readonly monitor: (stateOf: () => string) => void;
  readonly close: () => Promise<void>;
}

/** Rejects when the address of the metrics is taken, or when a channel's secret cannot be read. */
export async function openObservation({
  config,
  log,
  address,
  env,
}: {
  readonly config: Config;
  readonly log: Logger;
  readonly address: ListenAddress | undefined;
  readonly env: NodeJS.ProcessEnv;
}): Promise<Observation> {
  const channels = configuredChannels(config.notify);
  await checkChannels(config.notify, env);
  const tracing = await openTracing({
    env,
    serviceName: 'fedimg-worker',
    version: packageVersion(),
  });
  let health = (): string => 'starting';
  const served = address === undefined ? undefined : await serve(address, log, () => health());
  const stop = new AbortController();
  // Each call under way adds a listener, and Node warns above ten.
  setMaxListeners(0, stop.signal);
  let monitoring: Promise<void> = Promise.resolve();
  const monitor = async (): Promise<void> => {
    const { signal } = stop;
    const { scale } = config.timing;
    const aws = new Aws(scaledAwsSettings(scale), {
      ...(served === undefined ? {} : { observer: served.metrics }),
    });
    try {
      // Traces leave its polls out.
      const untraced = { ...env, OTEL_SDK_DISABLED: 'true' };
      await withSession({ config: undefined, env: untraced, loaded: config }, ({ session }) => {
        const parts = { config, session, log, channels, signal };
        return new Monitor({ ...parts, metrics: served?.deployment, aws }).run();
      });
    } catch (error) {
      if (!signal.aborted) log.error({ err: error }, 'the monitor of the deployment ended');
    } finally {
      aws.destroy();
    }
  };
  return {
    worker: {
      ...(tracing === undefined ? {} : { tracing }),
      ...(served === undefined
        ? {}
        : { metrics: served.metrics, sdkMetricsAddress: served.sdkAddress }),
    },
    monitor: (stateOf) => {
      health = () => (stateOf() === 'RUNNING' ? READY : stateOf().toLowerCase());
      if (served !== undefined || channels.length > 0) monitoring = monitor();
    },
    close: async () => {
      stop.abort();
      await monitoring;
      await served?.close();
      await tracing?.close();
    },
  };
}

async function serve(address: ListenAddress, log: Logger, health: Health) {
  const registry = newRegistry('worker');
  const metrics = new WorkerMetrics(registry);
  const deployment = new DeploymentMetrics(registry);
  const sdk = await sdkMetrics();
  const server = await openMetrics(registry, { address, log, health, more: sdk.read });
  return { metrics, deployment, sdkAddress: sdk.bindAddress, close: server.close };
}
