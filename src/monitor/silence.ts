/** Silence: composes that do not come. Told from the runs in Temporal, so a restart of a worker does not hide it. */

import type { Session } from '../client/session.js';
import type { Notification } from '../model/notification.js';
import type { DeploymentState } from './deployment-state.js';
import { closedMs } from './deployment-state.js';
import type { DueNotification } from './events.js';

export interface SilenceSettings {
  readonly composeSilenceMs: number;
  /** Undefined without a broker: then no compose is announced by itself. */
  readonly listenerSilenceMs: number | undefined;
  /** When the installation began, as far as it is known: before it there was no compose. */
  readonly beganMs: number;
}

const DAY_MS = 86_400_000;

/** Each comes again when the silence has lasted twice, three times, … as long. */
export function dueSilences(
  session: Session,
  { published, announcedMs }: DeploymentState,
  { settings, nowMs }: { readonly settings: SilenceSettings; readonly nowMs: number },
): DueNotification[] {
  const { composeSilenceMs, listenerSilenceMs, beganMs } = settings;
  const [last] = published;
  const publishedMs = last === undefined ? undefined : closedMs(last);
  return [
    ...silent(session, {
      ...{ what: 'compose', sinceMs: publishedMs ?? beganMs, limitMs: composeSilenceMs, nowMs },
      title: 'No compose was published',
      reason: lastText('the last published image', publishedMs),
      next: 'Look at fedimg status. When composes were announced, fedimg listen or a run has a problem; else ask the people who make composes.',
    }),
    ...(listenerSilenceMs === undefined
      ? []
      : silent(session, {
          ...{
            what: 'listener',
            sinceMs: announcedMs ?? beganMs,
            limitMs: listenerSilenceMs,
            nowMs,
          },
          title: 'No compose was announced',
          reason: lastText('the last announced compose', announcedMs),
          next: 'Check that fedimg listen runs and is connected (its log, fedimg doctor), and whether composes are made at all.',
        })),
  ];
}

function lastText(what: string, ms: number | undefined): string {
  return ms === undefined
    ? `Temporal knows no such run (it forgets closed runs after the retention of the namespace)`
    : `${what} was at ${new Date(ms).toISOString()}`;
}

function silent(
  { deployment }: Session,
  {
    what,
    sinceMs,
    limitMs,
    nowMs,
    ...texts
  }: Pick<Notification, 'title' | 'reason' | 'next'> & {
    readonly what: string;
    readonly sinceMs: number;
    readonly limitMs: number;
    readonly nowMs: number;
  },
): DueNotification[] {
  const times = Math.floor((nowMs - sinceMs) / limitMs);
  if (times < 1) return [];
  const since = new Date(sinceMs).toISOString();
  const key = `silence/${what}/${since}/${times}`;
  const title = `${texts.title} for ${lengthText(nowMs - sinceMs)}`;
  const at = new Date(sinceMs + times * limitMs).toISOString();
  const notification = { ...texts, title, key, event: 'silence', deployment, at } as const;
  return [{ key, event: 'silence', write: () => Promise.resolve(notification) }];
}

function lengthText(ms: number): string {
  const days = Math.floor(ms / DAY_MS);
  if (days >= 2) return `${days} days`;
  return `${Math.floor(ms / 3_600_000)} hours`;
}
