/** Whether Temporal is ready for runs: reachable, with its search attributes, a sweep schedule, and a worker that polls. */

import { ScheduleNotFoundError } from '@temporalio/client';
import type { Check } from '../model/check.js';
import { failure, ok, warning } from '../model/check.js';
import { sweepScheduleId } from '../model/ids/workflow-ids.js';
import { wantedAttributes } from '../search-attributes.js';
import { attributeNote } from './attributes.js';
import type { ConnectOptions, TemporalAccess } from './connection.js';
import { connectToTemporal } from './connection.js';
import { ClientError } from './errors.js';
import { notCurrent } from './pollers.js';

/** What the checks need to know of the configuration. */
export interface Installation {
  readonly deployment: string;
  readonly taskQueue: string;
  readonly isSweeping: boolean;
}

const AREA = 'temporal';

/** A failure on the evening before a long weekend is completed after it. */
const RETENTION_DAYS_MIN = 7;

/** A worker that polls asks at least once a minute; Temporal forgets one after five. */
const POLLED_WITHIN_MS = 2 * 60_000;

/** Temporal's codes of the two queues of a worker. */
const TASK_QUEUES = { workflows: 1, activities: 2 } as const;

/** `installation` is undefined where the configuration cannot be read. */
export async function checkTemporal(
  options: ConnectOptions,
  installation: Installation | undefined,
): Promise<Check[]> {
  const connected = await attempt('server', async () => connectToTemporal(options));
  if ('check' in connected) return [connected.check];
  const access = connected.value;
  try {
    const server = ok(AREA, 'server', `${access.address} answers`);
    const namespace = await checkNamespace(access);
    if (namespace.state === 'failure') return [server, namespace];
    const checks = [
      checkAttributes(access),
      checkRetention(access),
      ...(installation === undefined
        ? []
        : [checkSchedule(access, installation), checkWorker(access, installation)]),
    ];
    return [server, namespace, ...(await Promise.all(checks))];
  } finally {
    await access.close();
  }
}

async function checkNamespace({ call, namespace }: TemporalAccess): Promise<Check> {
  return checked('namespace', async () => {
    await call(({ workflowService }) => workflowService.describeNamespace({ namespace }));
    return ok(AREA, 'namespace', namespace);
  });
}

async function checkAttributes(access: TemporalAccess): Promise<Check> {
  return checked('search attributes', async () => {
    const note = await attributeNote(access);
    if (note !== undefined) return warning(AREA, 'search attributes', note.message, note.next);
    return ok(AREA, 'search attributes', Object.keys(wantedAttributes).join(', '));
  });
}

/** What commands read of closed runs is in their histories. */
async function checkRetention({ call, namespace }: TemporalAccess): Promise<Check> {
  const what = 'retention';
  return checked(what, async () => {
    const { config } = await call(({ workflowService }) =>
      workflowService.describeNamespace({ namespace }),
    );
    const days = Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) / 86_400;
    const kept = `histories of closed runs are kept for ${Math.round(days * 10) / 10} days`;
    if (days >= RETENTION_DAYS_MIN) return ok(AREA, what, kept);
    const next =
      `Run: temporal operator namespace update --namespace ${namespace} --retention 30d ` +
      `(in Temporal Cloud: tcld namespace retention set --namespace ${namespace} --retention-days 30)`;
    const detail = `${kept}; then \`fedimg retry\` and \`fedimg status\` do not know them any more`;
    return warning(AREA, what, detail, next);
  });
}

async function checkSchedule(
  { call }: TemporalAccess,
  { deployment, isSweeping }: Installation,
): Promise<Check> {
  const scheduleId = sweepScheduleId(deployment);
  const what = 'sweep schedule';
  if (!isSweeping) return warning(AREA, what, 'sweep.enabled is false: strays are removed by hand');
  return checked(what, async () => {
    try {
      const { state } = await call(({ schedule }) => schedule.getHandle(scheduleId).describe());
      if (!state.paused) return ok(AREA, what, scheduleId);
      const next = `Run: temporal schedule toggle --unpause --schedule-id ${scheduleId} --reason checked`;
      return warning(AREA, what, `${scheduleId} is paused`, next);
    } catch (error) {
      const cause = error instanceof ClientError ? error.cause : error;
      if (!(cause instanceof ScheduleNotFoundError)) throw error;
      const next = 'Start a worker: fedimg worker. It makes the schedule.';
      return warning(AREA, what, `${scheduleId} does not exist`, next);
    }
  });
}

async function checkWorker(access: TemporalAccess, { taskQueue }: Installation): Promise<Check> {
  const { call, namespace } = access;
  return checked('worker', async () => {
    const polled = await Promise.all(
      Object.entries(TASK_QUEUES).map(async ([what, taskQueueType]) => {
        const { pollers } = await call(({ workflowService }) =>
          workflowService.describeTaskQueue({
            namespace,
            taskQueue: { name: taskQueue },
            taskQueueType,
          }),
        );
        const alive = (pollers ?? []).filter(
          ({ lastAccessTime }) =>
            Date.now() - Number(lastAccessTime?.seconds ?? 0) * 1000 < POLLED_WITHIN_MS,
        );
        return { what, alive, names: alive.map(({ identity }) => identity ?? '') };
      }),
    );
    const lacking = polled.filter(({ names }) => names.length === 0).map(({ what }) => what);
    const next = 'Start a worker with this configuration: fedimg worker';
    if (lacking.length > 0) {
      const detail = `no worker polls the task queue ${taskQueue} for ${lacking.join(' and ')}`;
      return failure(AREA, 'worker', detail, next);
    }
    const idle = await notCurrent(access, polled[0]?.alive ?? []);
    if (idle !== undefined) return failure(AREA, 'worker', idle.what, `Run: ${idle.command}`);
    const names = [...new Set(polled.flatMap((one) => one.names))];
    return ok(AREA, 'worker', `${names.join(', ')} on the task queue ${taskQueue}`);
  });
}

async function checked(what: string, look: () => Promise<Check>): Promise<Check> {
  const result = await attempt(what, look);
  return 'check' in result ? result.check : result.value;
}

async function attempt<T>(
  what: string,
  look: () => Promise<T>,
): Promise<{ readonly value: T } | { readonly check: Check }> {
  try {
    return { value: await look() };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const next =
      error instanceof ClientError
        ? error.next
        : 'Check the settings of Temporal: temporal config list';
    return { check: failure(AREA, what, error.message, next) };
  }
}
