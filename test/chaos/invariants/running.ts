/** How the run went: it moved on, it can be replayed, no dead attempt acted, it was sparing and kept secrets. */

import type { Effect } from '../../../src/simulator/index.js';
import type { Evidence } from '../evidence.js';
import { changedIds, isEffect, senderOf } from '../evidence.js';
import { isRead } from '../fault.js';

const PAYLOAD_BYTES_MAX = 256 * 1024;
const EVENTS_MAX = 10_240;

/** I9: faults end, so runs end, and soon; no workflow task fails, and what is final is not tried again. */
export function progress({ status, elapsedMs, boundMs, history }: Evidence): string[] {
  const late = status === 'RUNNING' || status === 'TIMED_OUT' || elapsedMs > boundMs;
  return [
    ...(late ? [`it is ${status} after ${elapsedMs} ms; its bound is ${boundMs} ms`] : []),
    ...history.taskFailures.map((cause) => `a workflow task failed: ${cause}`),
    ...history.retriedFinal.map((what) => `a final error was tried again: ${what}`),
  ];
}

/** I10: a run that present code cannot replay is one that it cannot continue. */
export function replay({ history }: Evidence): string[] {
  return history.replayFailure === undefined ? [] : [history.replayFailure];
}

/**
 * I11: an attempt that Temporal has replaced must not act beside its successor. What it sent before its
 * successor acted may still be on its way: the worker cannot call it back, and find-or-create is there for it.
 */
export function fencing({ effects }: Evidence): string[] {
  const latest = new Map<string, { readonly attempt: number; readonly time: string }>();
  const wrong: string[] = [];
  for (const effect of effects.filter(isEffect)) {
    const sender = senderOf(effect);
    if (sender === undefined) {
      wrong.push(`${effect.action} in ${effect.region} does not say who sent it`);
      continue;
    }
    const key = `${sender.workflowId} ${sender.activityId}`;
    const before = latest.get(key);
    if (before === undefined || sender.attempt > before.attempt) {
      latest.set(key, { attempt: sender.attempt, time: effect.time });
    } else if (
      sender.attempt < before.attempt &&
      isLater(effect.sentAt ?? effect.time, before.time)
    ) {
      wrong.push(
        `${effect.action} in ${effect.region}: attempt ${sender.attempt} of ${sender.activityType} acted after attempt ${before.attempt}`,
      );
    }
  }
  return wrong;
}

/** `sentAt` is to the second: what was sent within the same one is not called later. */
function isLater(sentAt: string, time: string): boolean {
  return Date.parse(sentAt) > Date.parse(time);
}

/** I11: two writers of one volume mix their bytes; the program that writes is begun once on an instance. */
export function oneWriter({ effects }: Evidence): string[] {
  const attached = new Map<string, Set<string>>();
  for (const effect of effects.filter(isEffect)) {
    const instances = changedIds(effect, 'instance');
    for (const volume of changedIds(effect, 'volume')) {
      if (effect.action !== 'RunInstances' && effect.action !== 'AttachVolume') continue;
      const users = attached.get(volume) ?? new Set();
      for (const instance of instances) users.add(instance);
      attached.set(volume, users);
    }
  }
  return [...attached]
    .filter(([, users]) => users.size > 1)
    .map(([volume, users]) => `${volume} was attached to ${[...users].join(' and ')}`);
}

/** I12: a service that says "too many requests" must not get twice as many; only then is there a measure. */
export function thrift({ schedule, effects, reference }: Evidence): string[] {
  const { faults } = schedule;
  if (faults.length === 0 || faults.some(({ kind }) => kind !== 'throttle')) return [];
  const sent = changingCalls(effects);
  const most = 2 * reference.changingCalls;
  return sent <= most ? [] : [`${sent} calls that change something, ${most} are allowed`];
}

/** Without commands on instances, whose number depends on how long a download takes. */
export function changingCalls(effects: readonly Effect[]): number {
  return effects.filter(
    ({ kind, action }) => kind === 'call' && !isRead(action) && action !== 'SendCommand',
  ).length;
}

/** I13: a secret in history or in a log is a secret no more; and Temporal refuses what is too large. */
export function silence({ history, logLeaks }: Evidence): string[] {
  const { events, largestPayloadBytes, secretIn } = history;
  return [
    ...secretIn.map((where) => `the secret key is in ${where}`),
    ...logLeaks.map((line) => `the secret key is in the log: ${line.slice(0, 80)}`),
    ...(largestPayloadBytes < PAYLOAD_BYTES_MAX
      ? []
      : [`a payload of ${largestPayloadBytes} bytes`]),
    ...(events < EVENTS_MAX ? [] : [`a history of ${events} events`]),
  ];
}

/**
 * I16: an operator who has cancelled takes it that the image does not become public. An attempt that was acting when
 * Temporal accepted the cancel may end its calls; one whose first call comes later must not give the first permission.
 */
export function cancel({ effects, history: { cancelledAt } }: Evidence): string[] {
  if (cancelledAt === undefined) return [];
  const isPermission = ({ action }: Effect) => /^Modify(?:Image|Snapshot)Attribute$/.test(action);
  const began = new Map<string, number>();
  for (const effect of effects) {
    const key = attemptKey(effect);
    if (key !== undefined && !began.has(key)) began.set(key, Date.parse(effect.time));
  }
  return effects
    .filter((effect) => isEffect(effect) && isPermission(effect))
    .filter((effect) => (began.get(attemptKey(effect) ?? '') ?? 0) > cancelledAt)
    .map(({ action, region, time }) => `${action} in ${region} at ${time}, after the cancel`);
}

function attemptKey(effect: Effect): string | undefined {
  const sender = senderOf(effect);
  return sender && `${sender.workflowId} ${sender.activityId} ${sender.attempt}`;
}
