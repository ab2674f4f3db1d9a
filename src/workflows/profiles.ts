/** Time-outs and retries of all activities, one profile for each purpose. Times bound a retry, not counts. */

import type { ActivityOptions } from '@temporalio/workflow';
import { HEARTBEAT_TIMEOUT_MS } from '../model/progress/heartbeat.js';

const UNTIL_THE_OUTAGE_ENDS: ActivityOptions = {
  heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
  retry: {
    initialInterval: '1s',
    backoffCoefficient: 2,
    // Does not flood a service that is down, and notices within half a minute that it is back.
    maximumInterval: '30s',
  },
};

/** The run waits until a cancelled activity has stopped: the undo must find all that it made. */
const STOPS_FIRST = {
  ...UNTIL_THE_OUTAGE_ENDS,
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
} satisfies ActivityOptions;

/** Reads what a run will do: a few calls, each answered within a second or two. */
export const planning: ActivityOptions = {
  ...UNTIL_THE_OUTAGE_ENDS,
  // A region that does not answer costs the SDK's three attempts of 30 s, and the calls are made in turn.
  startToCloseTimeout: '10m',
  // Twice the outage of an hour that a run must wait out.
  scheduleToCloseTimeout: '2h',
  // It only reads: a cancelled run need not wait for a server that does not answer.
  cancellationType: 'TRY_CANCEL',
};

/** Reads what a sweep will do. */
export const planningSweep: ActivityOptions = {
  ...planning,
  // The next sweep comes soon, so this one does not wait for an account that is out of reach.
  scheduleToCloseTimeout: '15m',
};

/**
 * Makes and changes resources, and waits for EC2: instances, snapshots, AMIs. EC2 goes on while no worker looks, so a dead worker
 * may be noticed later; each heartbeat costs an action.
 */
export const waiting: ActivityOptions = {
  ...STOPS_FIRST,
  heartbeatTimeout: '2m',
  // A snapshot copy takes up to half an hour, and EC2 may queue it behind 20 others.
  startToCloseTimeout: '3h',
  // Room for a second attempt of the same length.
  scheduleToCloseTimeout: '6h',
};

/** Copies the snapshot to one of dozens of regions, which takes minutes: most of a run's heartbeats would be theirs. */
export const copying: ActivityOptions = { ...waiting, heartbeatTimeout: '8m' };

/** The bound of a copy is the scope's timer, `publish.region_patience`; the profile's must come later. */
export function copyBounds(regionPatienceMs: number): ActivityOptions {
  const bound = regionPatienceMs + 30 * 60_000;
  return { startToCloseTimeout: bound, scheduleToCloseTimeout: bound };
}

/** Follows a script on an instance; each call gives its own bounds, `writeBounds` or `testBounds`. */
export const following: ActivityOptions = {
  ...STOPS_FIRST,
  // Six of its reports fit into it: the script tells how far it is every 10 s.
  heartbeatTimeout: '1m',
  startToCloseTimeout: '2h',
};

/** The dead-man timer ends the instance after this; beyond that only an outage is waited out. */
export function writeBounds(deadManMinutes: number): ActivityOptions {
  const lifeMs = deadManMinutes * 60_000;
  return { startToCloseTimeout: lifeMs, scheduleToCloseTimeout: lifeMs + 60 * 60_000 };
}

/** The configured time of the test script, and an hour for the boot and for an outage; twice that with retries. */
export function testBounds(timeoutSeconds: number): ActivityOptions {
  const bound = timeoutSeconds * 1000 + 60 * 60_000;
  return { startToCloseTimeout: bound, scheduleToCloseTimeout: 2 * bound };
}

/** Removes what a run made. */
export const undoing: ActivityOptions = {
  ...STOPS_FIRST,
  // Mostly it waits until instances have ended.
  heartbeatTimeout: '2m',
  startToCloseTimeout: '1h',
  // Not leaking resources is worth more patience than anything else.
  scheduleToCloseTimeout: '7 days',
  // Refused credentials last for hours.
  retry: { ...UNTIL_THE_OUTAGE_ENDS.retry, maximumInterval: '5m' },
};

/** Sends messages beside the steps. A run ends only after its last message. */
export const announcing: ActivityOptions = {
  ...UNTIL_THE_OUTAGE_ENDS,
  // A batch ends after 20 s. Its last message may cost a connection and a confirmation, and each has its own time-out.
  startToCloseTimeout: '2m',
  // docs/messages.md promises to wait so long for a broker that is down.
  scheduleToCloseTimeout: '7 days',
};

/** Notifies people, in a workflow of its own: its time holds up no publication. */
export const notifying: ActivityOptions = {
  heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
  startToCloseTimeout: '2m',
  // A mail server that is down over a long weekend is waited out; later the news is old.
  scheduleToCloseTimeout: '4 days',
  retry: { initialInterval: '5s', backoffCoefficient: 2, maximumInterval: '10m' },
};

/** Tags AMIs that are published already. */
export const noting: ActivityOptions = {
  ...UNTIL_THE_OUTAGE_ENDS,
  startToCloseTimeout: '2m',
  // The result is complete without the tags, so it waits only this long for them.
  scheduleToCloseTimeout: '10m',
};

/** Looks for what a run made twice, when its AMIs are published. */
export const lookingAgain: ActivityOptions = {
  ...STOPS_FIRST,
  // Usually four listings a region; EC2 takes minutes to end an instance.
  startToCloseTimeout: '15m',
  // The result is complete without it, and the sweep comes later.
  scheduleToCloseTimeout: '15m',
};

/** Lists the stray resources of one region. */
export const finding: ActivityOptions = {
  ...UNTIL_THE_OUTAGE_ENDS,
  // Retries fit into the same time: a sick region is left to the next sweep. The plan of the sweep may shorten it.
  startToCloseTimeout: '15m',
  scheduleToCloseTimeout: '15m',
};

/** Removes the stray resources of one region. */
export const removing: ActivityOptions = {
  ...UNTIL_THE_OUTAGE_ENDS,
  // EC2 takes minutes to end an instance. The next sweep goes on with what is still there.
  startToCloseTimeout: '20m',
  scheduleToCloseTimeout: '30m',
};
