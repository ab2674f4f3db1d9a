/** Looks at the deployment again and again: feeds its metrics, and starts the notifications that are due. */

import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { enabledRegions } from '../aws/account.js';
import type { Aws } from '../aws/region-access.js';
import type { Session } from '../client/session.js';
import type { Config } from '../config/schema.js';
import type { Channel } from '../model/notification.js';
import { sweepScheduleId } from '../model/ids/workflow-ids.js';
import type { DeploymentMetrics } from '../telemetry/deployment-metrics.js';
import { showDeployment } from './deployment-gauges.js';
import type { DeploymentState } from './deployment-state.js';
import { readDeployment } from './deployment-state.js';
import type { DueNotification } from './events.js';
import { dueNotifications } from './events.js';
import { checkRegion, wantedPublic } from './public-amis.js';
import { dueSilences } from './silence.js';
import { startNotification } from './start-notification.js';

export interface MonitorParts {
  readonly config: Config;
  readonly session: Session;
  readonly log: Logger;
  /** Undefined where no metrics are served: then the monitor is for notifications only. */
  readonly metrics?: DeploymentMetrics | undefined;
  /** To look up AMIs and quotas, for metrics. */
  readonly aws?: Aws | undefined;
  /** Those that are configured. */
  readonly channels: readonly Channel[];
  readonly signal: AbortSignal;
}

/** Started notifications that need not be started again. */
const REMEMBERED_MAX = 10_000;

export class Monitor {
  readonly #parts: MonitorParts;
  readonly #started = new Set<string>();
  #beganMs: number | undefined;
  #checkedMs = 0;

  constructor(parts: MonitorParts) {
    this.#parts = parts;
  }

  /** Until the signal aborts. Never rejects: a look that fails is logged once, and made again. */
  async run(): Promise<void> {
    const { config, log, signal } = this.#parts;
    let failing = false;
    while (!signal.aborted) {
      try {
        await this.look(Date.now());
        failing = false;
      } catch (error) {
        if (signal.aborted) return;
        const level = failing ? 'debug' : 'warn';
        log[level]({ err: error }, 'the monitor could not look at the deployment; it tries again');
        failing = true;
      }
      await delay(config.metrics.lookEveryMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** One look; rejects when Temporal does not answer. */
  async look(nowMs: number): Promise<void> {
    const { session, metrics, config } = this.#parts;
    const state = await readDeployment(session, nowMs);
    if (metrics !== undefined) showDeployment(metrics, state, nowMs);
    await this.#notify(state, nowMs);
    if (nowMs - this.#checkedMs < config.metrics.checkEveryMs) return;
    this.#checkedMs = nowMs;
    await this.#check(state);
  }

  async #notify(state: DeploymentState, nowMs: number): Promise<void> {
    const { session, config, channels } = this.#parts;
    const { events, composeSilenceMs, listenerSilenceMs } = config.notify;
    if (channels.length === 0) return;
    const settings = {
      composeSilenceMs,
      listenerSilenceMs: config.messaging.url === undefined ? undefined : listenerSilenceMs,
      beganMs: (this.#beganMs ??= await this.#installedMs(nowMs)),
    };
    const due = [
      ...dueNotifications(session, state),
      ...dueSilences(session, state, { settings, nowMs }),
    ].filter(({ event, key }) => events.includes(event) && !this.#started.has(key));
    for (const one of due) await this.#start(one);
  }

  async #start({ key, write }: DueNotification): Promise<void> {
    const { session, config, log, channels } = this.#parts;
    const notification = await write();
    const { worker, timing } = config;
    const isNew = await startNotification(
      session,
      { notification, channels },
      { taskQueue: worker.taskQueue, timeScale: timing.scale },
    );
    if (this.#started.size >= REMEMBERED_MAX) this.#started.clear();
    this.#started.add(key);
    const { title, workflow } = notification;
    if (isNew) log.info({ workflow, title, channels }, 'a notification is sent');
  }

  /** The age of the sweep's schedule is that of the installation; without one, this process is the only witness. */
  async #installedMs(nowMs: number): Promise<number> {
    const { session } = this.#parts;
    try {
      const { info } = await session.access.call(({ schedule }) =>
        schedule.getHandle(sweepScheduleId(session.deployment)).describe(),
      );
      return info.createdAt.getTime();
    } catch {
      return nowMs;
    }
  }

  async #check(state: DeploymentState): Promise<void> {
    const { session, aws, metrics, config, log, signal } = this.#parts;
    if (aws === undefined || metrics === undefined) return;
    const { checkedComposes } = config.metrics;
    const { byRegion } = await wantedPublic(session, state.published, checkedComposes);
    const regions = new Set([...(await this.#regions(aws)), ...byRegion.keys()]);
    const answers = await Promise.all(
      [...regions].map(async (name) => {
        try {
          const checked = await checkRegion(aws.region(name), byRegion.get(name) ?? [], signal);
          metrics.setRegion(name, checked.numbers);
          const { missing } = checked;
          if (missing.length > 0) {
            log.error({ region: name, missing }, 'published AMIs are gone or no longer public');
          }
          return true;
        } catch (error) {
          if (!signal.aborted) log.warn({ region: name, err: error }, 'a region was not checked');
          return false;
        }
      }),
    );
    if (answers.every(Boolean)) metrics.checkedAt.setTime(Date.now());
  }

  async #regions(aws: Aws): Promise<readonly string[]> {
    const { publish, amis } = this.#parts.config;
    const home = amis[0].region;
    const all =
      publish.regions === 'all'
        ? await enabledRegions(aws.region(home), this.#parts.signal)
        : [home, ...publish.regions];
    return all.filter((name) => !publish.excludeRegions.includes(name));
  }
}
