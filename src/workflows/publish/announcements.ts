/** The side branch that sends a run's messages in order, without delaying the steps. */

import { CancellationScope, condition, log, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../../activities/activities.js';
import type { Announcement } from '../../model/progress/announcement.js';
import { failureReason } from '../failure-reason.js';
import { announcing } from '../profiles.js';

const { announce } = proxyActivities<Pick<Activities, 'announce'>>(announcing);

/** Small enough for Temporal's limit on a payload; large enough to send all regions with a few activities. */
const BATCH_SIZE_MAX = 100;

/** The record repeats the reason for each message of a batch. */
const REASON_CHARS_MAX = 160;

export class Announcements {
  readonly #queue: Announcement[] = [];
  readonly #keys = new Set<string>();
  readonly #onUnsent: (reason: string) => void;
  #closed = false;
  #sending: Promise<void> | undefined;

  /** Calls `onUnsent` once for each message that the broker refused or did not take in time. */
  constructor(onUnsent: (reason: string) => void) {
    this.#onUnsent = onUnsent;
  }

  /** Queues each message once, with the time of the change that it reports. */
  add(...announcements: readonly Announcement[]): void {
    const fresh = announcements.filter(({ key }) => !this.#keys.has(key));
    if (fresh.length === 0) return;
    for (const { key } of fresh) this.#keys.add(key);
    // Not the time of sending: an outage of the broker may last for days.
    const at = new Date().toISOString();
    this.#queue.push(...fresh.map((announcement) => ({ ...announcement, at })));
    this.#sending ??= CancellationScope.nonCancellable(() => this.#send());
  }

  /** Resolves when the last message is sent or given up. Not cancellable. To be called once, at the end. */
  async delivered(): Promise<void> {
    this.#closed = true;
    await CancellationScope.nonCancellable(async () => this.#sending);
  }

  async #send(): Promise<void> {
    for (;;) {
      await condition(() => this.#queue.length > 0 || this.#closed);
      const batch = this.#queue.splice(0, BATCH_SIZE_MAX);
      if (batch.length === 0) return;
      try {
        const summary = `${batch.length} messages, first ${batch[0]?.topic}`;
        const report = await announce.executeWithOptions({ summary }, [batch]);
        // The broker took only the first part of the batch: send the rest again.
        this.#queue.unshift(...batch.slice(report.handled));
        for (const refused of report.refused) this.#fail(refused);
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
