/** Which search attributes this run may set. Temporal refuses a whole task that sets one which the namespace lacks. */

import type { SearchAttributePair, SearchAttributeUpdatePair } from '@temporalio/common';
import {
  CancellationScope,
  log,
  proxyLocalActivities,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { Activities } from '../activities/activities.js';

const { usableAttributes } = proxyLocalActivities<Pick<Activities, 'usableAttributes'>>({
  // The worker has looked before: the answer takes no call.
  startToCloseTimeout: '5s',
  scheduleToCloseTimeout: '15s',
});

/** The names are read once a run and kept in its history: a replay sets the same ones, whatever the namespace has then. */
export class UsableAttributes {
  #names: ReadonlySet<string> | undefined;
  #reading: Promise<void> | undefined;

  get isRead(): boolean {
    return this.#names !== undefined;
  }

  /** Also in a cancelled run, which still has its outcome to list. */
  read(): Promise<void> {
    this.#reading ??= CancellationScope.nonCancellable(async () => {
      try {
        this.#names = new Set(await usableAttributes());
      } catch (error) {
        log.warn('the worker does not know the search attributes; this run sets none', { error });
        this.#names = new Set();
      }
    });
    return this.#reading;
  }

  /** Those that the namespace has; none before `read` has resolved. */
  of(pairs: readonly SearchAttributePair[]): SearchAttributePair[] {
    return pairs.filter(({ key }) => this.#has(key.name));
  }

  /** Sets those that the namespace has. */
  upsert(pairs: readonly SearchAttributeUpdatePair[]): void {
    const usable = pairs.filter(({ key }) => this.#has(key.name));
    if (usable.length > 0) upsertSearchAttributes(usable);
  }

  #has(name: string): boolean {
    return this.#names?.has(name) === true;
  }
}
