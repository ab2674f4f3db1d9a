/** Temporal's native runtime, one for each process; its log lines go to our log, its metrics to ours. */

import type { LogLevel, LogMetadata, RuntimeOptions } from '@temporalio/worker';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { Logger } from 'pino';
import { activityFields } from './log-fields.js';

const PINO_LEVEL = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
} as const satisfies Record<LogLevel, string>;

let installed = false;

/** Safe to repeat: the SDK allows one runtime in a process. `bindAddress` is where the SDK serves its metrics. */
export function installRuntime(log: Logger, bindAddress?: string): void {
  if (installed) return;
  installed = true;
  Runtime.install({
    logger: new DefaultLogger('TRACE', ({ level, message, meta }) =>
      log[PINO_LEVEL[level]](fieldsOf(meta), message),
    ),
    telemetryOptions: {
      logging: { forward: {}, filter: { core: 'WARN', other: 'ERROR' } },
      ...(bindAddress === undefined ? {} : { metrics: metricsAt(bindAddress) }),
    },
  });
}

type Metrics = NonNullable<NonNullable<RuntimeOptions['telemetryOptions']>['metrics']>;

/** Names and units as Prometheus wants them. */
function metricsAt(bindAddress: string): Metrics {
  return {
    prometheus: {
      bindAddress,
      countersTotalSuffix: true,
      unitSuffix: true,
      useSecondsForDurations: true,
    },
  };
}

function fieldsOf(meta: LogMetadata | undefined): Record<string, unknown> {
  return activityFields(meta ?? {});
}
