/** How the deployment is, as Temporal and EC2 answer: a restart of the worker does not change these values. */

import type { AbsentGauge, MetricRegistry } from './metric-registry.js';
import { OUTCOMES } from './worker-metrics.js';

/** Runs that were terminated or that timed out: their workflow could not report an outcome. */
export const RECENT_OUTCOMES = [...OUTCOMES, 'terminated'] as const;
export type RecentOutcome = (typeof RECENT_OUTCOMES)[number];

export interface RegionNumbers {
  readonly checked: number;
  readonly missing: number;
  readonly quota: number;
  readonly quotaLeft: number;
}

export class DeploymentMetrics {
  readonly watchedAt: AbsentGauge;
  readonly oldestOpenRun: AbsentGauge;
  readonly lastPublished: AbsentGauge;
  readonly lastAnnounced: AbsentGauge;
  readonly checkedAt: AbsentGauge;
  readonly #openRuns;
  readonly #waiting;
  readonly #recent;
  readonly #checked;
  readonly #missing;
  readonly #quota;
  readonly #quotaLeft;

  constructor(registry: MetricRegistry) {
    this.watchedAt = registry.absentGauge(
      'fedimg_watch_last_success_timestamp_seconds',
      'When the worker last read the state of the deployment from Temporal.',
    );
    this.oldestOpenRun = registry.absentGauge(
      'fedimg_oldest_open_run_start_timestamp_seconds',
      'When the oldest open image publication began; absent without one.',
    );
    this.lastPublished = registry.absentGauge(
      'fedimg_last_published_compose_timestamp_seconds',
      'When an image of a compose was last published; absent when Temporal knows none.',
    );
    this.lastAnnounced = registry.absentGauge(
      'fedimg_last_announced_compose_timestamp_seconds',
      'When the newest compose run began; absent when Temporal knows none.',
    );
    this.checkedAt = registry.absentGauge(
      'fedimg_amis_check_last_success_timestamp_seconds',
      'When the AMIs of the newest composes were last looked up in all their regions.',
    );
    this.#openRuns = registry.gauge('fedimg_open_runs', {
      help: 'Open runs of the deployment in Temporal, by kind and phase.',
      labels: ['kind', 'phase'],
    });
    this.#waiting = registry.gauge('fedimg_runs_waiting_for_approval', {
      help: 'Image publications that wait for fedimg approve.',
    });
    this.#recent = registry.gauge('fedimg_recent_publications', {
      help: 'Images whose newest run closed in the last 24 hours, by the outcome of that run.',
      labels: ['outcome'],
    });
    this.#checked = registry.gauge('fedimg_amis_checked', {
      help: 'Published AMIs of the newest composes that the last check looked up.',
      labels: ['region'],
    });
    this.#missing = registry.gauge('fedimg_amis_missing_public', {
      help: 'Published AMIs of the newest composes that are gone or no longer public.',
      labels: ['region'],
    });
    this.#quota = registry.gauge('fedimg_public_ami_quota', {
      help: 'The quota of public AMIs of the account.',
      labels: ['region'],
    });
    this.#quotaLeft = registry.gauge('fedimg_public_ami_quota_left', {
      help: 'How many more AMIs may be public.',
      labels: ['region'],
    });
    this.setRecent({});
  }

  setOpenRuns(runs: readonly { readonly kind: string; readonly phase: string | null }[]): void {
    this.#openRuns.reset();
    for (const { kind, phase } of runs) this.#openRuns.inc({ kind, phase: phase ?? 'none' });
    this.#waiting.set(runs.filter(({ phase }) => phase === 'waiting-for-approval').length);
  }

  setRecent(counts: Partial<Record<RecentOutcome, number>>): void {
    for (const outcome of RECENT_OUTCOMES) this.#recent.set({ outcome }, counts[outcome] ?? 0);
  }

  /** A region that could not be asked keeps its last numbers. */
  setRegion(region: string, numbers: RegionNumbers): void {
    this.#checked.set({ region }, numbers.checked);
    this.#missing.set({ region }, numbers.missing);
    this.#quota.set({ region }, numbers.quota);
    this.#quotaLeft.set({ region }, numbers.quotaLeft);
  }
}
