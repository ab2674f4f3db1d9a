/** What every activity is given, and what it can learn about its own attempt. */

import { activityInfo } from '@temporalio/activity';
import type { AccountFacts } from '../../aws/account-facts.js';
import type { Aws } from '../../aws/region-access.js';
import type { Config } from '../../config/schema.js';
import type { UrlPolicy } from '../../fetch/url-policy.js';
import type { Clock } from '../../model/clock.js';
import type { Installation } from '../../model/ids/installation.js';
import type { RunRef } from '../../model/ids/run-ref.js';
import type { Announcement } from '../../model/progress/announcement.js';
import type { SendNotificationInput } from '../shapes/message.js';
import type { RunState } from '../../model/sweep/sweep.js';

export type RunEnding = 'closed' | 'cancelled';

/** What Temporal knows about runs. Rejects when Temporal is out of reach. */
export interface WorkflowRuns {
  /** `mayBeOld`: an earlier answer that the run is closed may be returned again. */
  stateOf(run: RunRef, options?: { readonly mayBeOld: boolean }): Promise<RunState>;
  /** Why this one run must not act any more, also when its workflow does not know it yet; undefined while it goes on. */
  endingOf(run: RunRef): Promise<RunEnding | undefined>;
}

export interface ActivityContext {
  readonly aws: Aws;
  readonly facts: AccountFacts;
  /** All waits for AWS and for guests go by it; heartbeats and leases go by Temporal's real time. */
  readonly clock: Clock;
  readonly config: Config;
  /** Of this worker: what its runs make is tagged with it, and its sweeps touch only what has these tags. */
  readonly installation: Installation;
  readonly urlPolicy: UrlPolicy;
  readonly runs: WorkflowRuns;
  /** The search attributes of fedimg that the namespace has, as of the worker's last look. */
  usableAttributes(): readonly string[];
  /** Sends one message to the broker; without a broker, writes it to the log. */
  send(announcement: Announcement): Promise<void>;
  /** Delivers one notification by one channel; rejects with a `NotifyError`. */
  notify(input: SendNotificationInput, signal: AbortSignal): Promise<void>;
}

/** Whether an earlier attempt of this activity may have made what this one is to make. */
export function isRepeat(): boolean {
  return activityInfo().attempt > 1;
}

/** The run whose activity this is. Its run id changes with a reset, unlike that of the tags. */
export function ownRun(): RunRef {
  const { workflowId = '', runId = '' } = activityInfo().workflowExecution ?? {};
  return { workflowId, runId };
}

/** Since Temporal first scheduled the activity, earlier attempts included. By real time, as Temporal's own stamp. */
export function waitedMs(): number {
  return Date.now() - activityInfo().scheduledTimestampMs;
}
