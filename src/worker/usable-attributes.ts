/** Knows which search attributes runs may set: looks at start and at intervals, and logs each change. */

import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { AttributeLook, NamespaceConnection } from '../search-attributes.js';
import { attributeWarning, lookAtAttributes } from '../search-attributes.js';

/** An operator who registers one waits for its effect. */
const LACKING_INTERVAL_MS = 60_000;
/** Attributes are removed by hand only, and rarely. */
const COMPLETE_INTERVAL_MS = 10 * 60_000;

export interface UsableAttributes {
  /** As of the last look. */
  readonly names: () => readonly string[];
  readonly stop: () => void;
}

interface LookSettings {
  readonly namespace: string;
  readonly log: Logger;
  /** `timing.scale`. */
  readonly scale: number;
}

/** Rejects when Temporal does not answer the first look. */
export async function lookForAttributes(
  connection: NamespaceConnection,
  { namespace, log, scale }: LookSettings,
): Promise<UsableAttributes> {
  const ended = new AbortController();
  let last = await lookAtAttributes(connection, namespace);
  const warning = attributeWarning(namespace, last);
  if (warning !== undefined) log.warn({ next: warning.next }, warning.message);
  const again = async (): Promise<void> => {
    for (;;) {
      const intervalMs = isComplete(last) ? COMPLETE_INTERVAL_MS : LACKING_INTERVAL_MS;
      await delay(intervalMs * scale, undefined, { signal: ended.signal, ref: false });
      // Temporal is away: what was known holds, and the worker's own calls report the outage.
      const look = await lookAtAttributes(connection, namespace).catch(() => last);
      if (!isSame(look, last)) logChange(log, namespace, look);
      last = look;
    }
  };
  // Ends by the abort only.
  void again().catch(() => undefined);
  return { names: () => last.usable, stop: () => ended.abort() };
}

function logChange(log: Logger, namespace: string, look: AttributeLook): void {
  const warning = attributeWarning(namespace, look);
  if (warning !== undefined) log.warn({ next: warning.next }, warning.message);
  else log.info({ namespace }, 'the namespace has all search attributes now; new runs set them');
}

function isComplete({ missing, mistyped }: AttributeLook): boolean {
  return missing.length === 0 && mistyped.length === 0;
}

function isSame(one: AttributeLook, other: AttributeLook): boolean {
  return one.usable.join() === other.usable.join();
}
