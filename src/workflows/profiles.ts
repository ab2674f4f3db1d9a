/** Time-outs and retries of all activities, each with its reason. Bounds are times, not counts. */

import type { ActivityOptions } from '@temporalio/workflow';
import { HEARTBEAT_TIMEOUT_MS } from '../model/progress/heartbeat.js';

const UNTIL_THE_OUTAGE_ENDS = {
  initialInterval: '1s',
  backoffCoefficient: 2,
  // Long enough not to flood a service that is down, short enough to notice when it is back.
  maximumInterval: '30s',
} as const;

/** A handful of calls, each answered within a second or two. */
export const quick: ActivityOptions = {
  // A region that never answers costs the SDK's three attempts of 30 s, and a few calls are asked in turn.
  startToCloseTimeout: '10m',
  // An outage of an hour is waited out, twice.
  scheduleToCloseTimeout: '2h',
  heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
  retry: UNTIL_THE_OUTAGE_ENDS,
  // They only read: nobody who cancels waits for a server of which nothing is heard.
  cancellationType: 'TRY_CANCEL',
};

/** Waits for EC2: instances, snapshots, copies, images. */
export const waiting: ActivityOptions = {
  // A snapshot copy takes up to half an hour, and queues behind 20 others.
  startToCloseTimeout: '3h',
  scheduleToCloseTimeout: '6h',
  heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
  retry: UNTIL_THE_OUTAGE_ENDS,
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
};

/** Follows work on an instance, which the dead-man timer ends after two hours at the most. */
export const following: ActivityOptions = {
  startToCloseTimeout: '2h',
  scheduleToCloseTimeout: '3h',
  heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
  retry: UNTIL_THE_OUTAGE_ENDS,
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
};

/** Removes what a run made: nothing is worth more patience than not leaking. */
export const undoing: ActivityOptions = {
  startToCloseTimeout: '1h',
  scheduleToCloseTimeout: '7 days',
  heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
  retry: { ...UNTIL_THE_OUTAGE_ENDS, maximumInterval: '5m' },
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
};

/** Messages wait out any broker's outage; a run ends only after its last one. */
export const announcing: ActivityOptions = {
  // A batch ends after 20 s; its last message may cost a connection and a confirmation, each with patience.
  startToCloseTimeout: '2m',
  scheduleToCloseTimeout: '7 days',
  heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
  retry: UNTIL_THE_OUTAGE_ENDS,
};

/** A note for later readers: a result does not wait long for it, and is no worse without it. */
export const noting: ActivityOptions = {
  startToCloseTimeout: '2m',
  scheduleToCloseTimeout: '10m',
  heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
  retry: UNTIL_THE_OUTAGE_ENDS,
};

/** One look at a region: a sick one is left to the next sweep, and the plan says how soon. */
export const looking: ActivityOptions = {
  startToCloseTimeout: '15m',
  scheduleToCloseTimeout: '15m',
  heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
  retry: UNTIL_THE_OUTAGE_ENDS,
};

/** Instances take minutes to end; what is not gone by then the next sweep takes up. */
export const sweeping: ActivityOptions = {
  startToCloseTimeout: '20m',
  scheduleToCloseTimeout: '30m',
  heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
  retry: UNTIL_THE_OUTAGE_ENDS,
};
