/** The side branch that sends a run's messages in order and never holds the run up. */

import { CancellationScope, condition, log, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/activities.js';
import type { Announcement } from '../model/announcement.js';
import { failureReason } from './failure-reason.js';
import { announcing } from './profiles.js';

const { announce } = proxyActivities<Pick<Activities, 'announce'>>(announcing);

/** Small enough for a payload, large enough that 30 regions do not cost 30 activities. */
const BATCH_SIZE_MAX = 100;

export class Announcements {
  readonly #queue: Announcement[] = [];
  #closed = false;
  #sending: Promise<void> | undefined;

  add(...announcements: readonly Announcement[]): void {
    this.#queue.push(...announcements);
    this.#sending ??= CancellationScope.nonCancellable(() => this.#send());
  }

  /** Resolves when the last message is accepted. */
  async delivered(): Promise<void> {
    this.#closed = true;
    await this.#sending;
  }

  async #send(): Promise<void> {
    for (;;) {
      await condition(() => this.#queue.length > 0 || this.#closed);
      const batch = this.#queue.splice(0, BATCH_SIZE_MAX);
      if (batch.length === 0) return;
      try {
        const summary = `${batch.length} messages, first ${batch[0]?.topic}`;
        await announce.executeWithOptions({ summary }, [batch]);
      } catch (failure) {
        log.error('messages were not accepted', { reason: failureReason(failure) });
      }
    }
  }
}
