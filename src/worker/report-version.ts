/** Logs the version of a worker, and warns when Temporal gives its new runs to no worker or to other versions only. */

import { setTimeout as delay } from 'node:timers/promises';
import type { NativeConnection } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { WorkerVersion } from '../worker-version.js';
import { buildsForNewRuns, setCurrentCommand } from '../worker-version.js';

/** Temporal knows a new version some moments after its first poll. */
const LOOKS_MAX = 20;
const LOOK_EVERY_MS = 500;

/** Never rejects: the worker works without this look. */
export async function reportVersion(
  connection: NativeConnection,
  { namespace, version, log }: { namespace: string; version: WorkerVersion; log: Logger },
  signal: AbortSignal,
): Promise<void> {
  try {
    for (let look = 1; look <= LOOKS_MAX && !signal.aborted; look += 1) {
      const builds = await buildsForNewRuns(connection, namespace, version.deploymentName);
      if (builds !== undefined) return report(version, builds, log);
      await delay(LOOK_EVERY_MS, undefined, { signal, ref: false });
    }
    log.warn({ ...version }, 'Temporal does not know the deployment of this worker yet');
  } catch (error) {
    if (!signal.aborted) log.warn({ ...version, err: error }, 'the version could not be checked');
  }
}

function report(version: WorkerVersion, builds: readonly string[], log: Logger): void {
  if (builds.includes(version.buildId)) {
    return log.info({ ...version }, 'this version gets new runs');
  }
  const next = setCurrentCommand(version);
  if (builds.length === 0) {
    return log.warn({ ...version, next }, 'no version is current: new runs wait until one is');
  }
  log.info(
    { ...version, builds, next },
    'other versions get new runs; this worker serves runs that began on it',
  );
}
