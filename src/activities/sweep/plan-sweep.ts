/** What a sweep works with: the account's regions, and this worker's configuration. */

import { enabledRegions } from '../../aws/account.js';
import { classifyAwsError } from '../../aws/errors.js';
import type { Config } from '../../config/schema.js';
import { EC2_SERVICE_EXCEPTION, ServiceError } from '../../model/errors.js';
import type { SweepPlan } from '../shapes/removal.js';
import type { ActivityContext } from '../attempt/context.js';
import { heartbeating, waitingFor } from '../attempt/heartbeat.js';

/** A throttled region answers within this; a region that is down is left to the next sweep. */
const REGION_PATIENCE_MS = 5 * 60_000;

export function planSweep(context: ActivityContext, deployment: string): Promise<SweepPlan> {
  const { sweep, timing } = context.config;
  return heartbeating(waitingFor('regions of the account'), async (_report, signal) => {
    refuseOtherDeployment(context.config, deployment);
    return {
      installation: context.installation,
      regions: await regionsOfAccount(context, signal),
      graceMs: Math.ceil(sweep.graceMs * timing.scale),
      maxRemovals: sweep.maxRemovals,
      regionPatienceMs: Math.ceil(REGION_PATIENCE_MS * timing.scale),
    };
  });
}

/** Workers of two deployments on one task queue would take each other's sweeps. */
export function refuseOtherDeployment(config: Config, deployment: string): void {
  if (config.deployment === deployment) return;
  throw new ServiceError(
    EC2_SERVICE_EXCEPTION,
    `a worker of deployment ${config.deployment} received a sweep of deployment ${deployment}`,
    {
      code: 'other-deployment',
      class: 'refused',
      next: 'Give each deployment a task queue of its own: worker.task_queue in the configuration.',
    },
  );
}

/** Asks one known region after the other, so that a failing home region does not stop the sweep. */
async function regionsOfAccount(
  { aws, config }: ActivityContext,
  signal: AbortSignal,
): Promise<string[]> {
  const { amis, publish } = config;
  const named = publish.regions === 'all' ? [] : publish.regions;
  const known = new Set([
    ...amis.map(({ region }) => region),
    ...publish.requiredRegions,
    ...named,
  ]);
  let last: unknown;
  for (const name of known) {
    try {
      return await enabledRegions(aws.region(name), signal);
    } catch (error) {
      if (signal.aborted || classifyAwsError(error) === undefined) throw error;
      last = error;
    }
  }
  throw last;
}
