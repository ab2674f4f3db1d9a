/** A worker process: connects to Temporal, polls until SIGTERM, and keeps the sweep's schedule. */

import { NativeConnection } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { Config } from '../config/schema.js';
import { temporalSettings } from '../temporal-settings.js';
import type { Tracing } from '../telemetry/tracing.js';
import type { WorkerMetrics } from '../telemetry/worker-metrics.js';
import { openWorker } from './open-worker.js';
import { installRuntime } from './runtime.js';
import type { WorkerVersion } from '../worker-version.js';
import { reportVersion } from './report-version.js';
import { keepSweepSchedule } from './sweep-schedule.js';

export interface WorkerSettings {
  readonly config: Config;
  readonly log: Logger;
  /** Ends the worker as SIGTERM does. */
  readonly signal?: AbortSignal;
  readonly metrics?: WorkerMetrics;
  readonly tracing?: Tracing | undefined;
  readonly version?: WorkerVersion | undefined;
  /** Where the SDK serves its own metrics. */
  readonly sdkMetricsAddress?: string;
  /** Called when the worker polls, with the function that tells the state of the SDK's worker: RUNNING, DRAINING, … */
  readonly onReady?: (stateOf: () => string) => void;
}

/** Resolves after a graceful end; rejects when Temporal is out of reach at start. */
export async function runWorker(settings: WorkerSettings): Promise<void> {
  const { config, log, signal, onReady, metrics, tracing, version } = settings;
  installRuntime(log, settings.sdkMetricsAddress);
  const { connectionOptions, namespace = 'default' } = temporalSettings();
  const connection = await NativeConnection.connect(connectionOptions);
  try {
    const { worker, client, close } = await openWorker({
      ...{ config, log, connection, namespace },
      ...{ metrics, tracing, version },
    });
    try {
      const stop = () => worker.shutdown();
      signal?.addEventListener('abort', stop, { once: true });
      const running = worker.run();
      log.info({ taskQueue: config.worker.taskQueue }, 'worker is ready');
      onReady?.(() => worker.getState());
      if (signal?.aborted === true) stop();
      const ended = new AbortController();
      const beside = [keepSweepSchedule(client, config, log, ended.signal)];
      if (version !== undefined) {
        beside.push(reportVersion(connection, { namespace, version, log }, ended.signal));
      }
      await running.finally(() => ended.abort());
      await Promise.all(beside);
      signal?.removeEventListener('abort', stop);
    } finally {
      await close();
    }
  } finally {
    await connection.close();
  }
}
