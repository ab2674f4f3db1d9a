/** Temporal's native runtime, one for each process; its log lines go to our log. */

import type { LogLevel, LogMetadata } from '@temporalio/worker';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { Logger } from 'pino';

const PINO_LEVEL = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
} as const satisfies Record<LogLevel, string>;

let installed = false;

/** Safe to repeat: the SDK allows one runtime in a process. */
export function installRuntime(log: Logger): void {
  if (installed) return;
  installed = true;
  Runtime.install({
    logger: new DefaultLogger('INFO', ({ level, message, meta }) =>
      log[PINO_LEVEL[level]](plain(meta), message),
    ),
    telemetryOptions: { logging: { forward: {}, filter: { core: 'WARN', other: 'ERROR' } } },
  });
}

/** Without the bigints in the SDK's labels, which a JSON writer refuses. */
function plain(meta: LogMetadata | undefined): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(meta ?? {}).map(([key, value]) => [
      key,
      typeof value === 'bigint' ? String(value) : (value as unknown),
    ]),
  );
}
