/** The side branch that sends a run's messages in order and never holds the run up. */

import { CancellationScope, condition, log, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../../activities/activities.js';
import type { Announcement } from '../../model/progress/announcement.js';
import { failureReason } from '../failure-reason.js';
import { announcing } from '../profiles.js';

const { announce } = proxyActivities<Pick<Activities, 'announce'>>(announcing);

/** Small enough for a payload, large enough that 30 regions do not cost 30 activities. */
const BATCH_SIZE_MAX = 100;

/** It stands in the record once for each message. */
const REASON_CHARS_MAX = 160;

export class Announcements {
  readonly #queue: Announcement[] = [];
  readonly #keys = new Set<string>();
  readonly #onUnsent: (reason: string) => void;
  #closed = false;
  #sending: Promise<void> | undefined;

  /** `onUnsent` hears of each message that nobody will ever get. */
  constructor(onUnsent: (reason: string) => void) {
    this.#onUnsent = onUnsent;
  }

  /** What was said before is not said again. */
  add(...announcements: readonly Announcement[]): void {
    const fresh = announcements.filter(({ key }) => !this.#keys.has(key));
    for (const { key } of fresh) this.#keys.add(key);
    // Of when it came true: an outage of the broker makes nothing younger.
    const at = new Date().toISOString();
    this.#queue.push(...fresh.map((announcement) => ({ ...announcement, at })));
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
        const report = await announce.executeWithOptions({ summary }, [batch]);
        // An outage in the middle of a batch: what the broker has is not sent again.
        this.#queue.unshift(...batch.slice(report?.handled ?? batch.length));
        for (const refused of report?.refused ?? []) this.#fail(refused);
      } catch (failure) {
        const reason = failureReason(failure).slice(0, REASON_CHARS_MAX);
        for (const { topic, key, body } of batch) this.#fail(`${topic} (${key}): ${reason}`, body);
      }
    }
  }

  #fail(reason: string, body?: Announcement['body']): void {
    this.#onUnsent(reason);
    log.error('a message was not accepted', { reason, ...(body === undefined ? {} : { body }) });
  }
}
