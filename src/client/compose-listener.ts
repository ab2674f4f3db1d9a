/** Handles a message from the broker: signals its compose, drops the message, or gives it back to the queue. */

import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Delivery, Verdict } from '../messaging/consumer.js';
import type { ComposeType } from '../model/compose/compose.js';
import { parseComposeId } from '../model/compose/compose.js';
import type { ComposeMessage } from '../model/compose/compose-message.js';
import { parseComposeMessage } from '../model/compose/compose-message.js';
import { printable } from '../model/printable.js';
import { matchesTopic } from '../model/compose/topic.js';
import { JsonError, parseStrictJson } from '../fetch/strict-json.js';
import { ClientError } from './errors.js';
import type { Session } from './session.js';
import type { StartOptions } from './start.js';
import { signalCompose } from './start.js';

/** Which composes are accepted: `[composes]` of the configuration. */
export interface ComposeFilter {
  readonly products: readonly string[];
  readonly composeTypes: readonly ComposeType[];
  readonly maxAgeMs: number;
}

/** How many messages ended how, so far. */
export interface ListenerCounts {
  /** Signalled to their compose. */
  taken: number;
  /** Well-formed, but not for this deployment. */
  ignored: number;
  /** Malformed, and dropped. */
  broken: number;
  /** Tried again, because Temporal did not accept them. */
  retried: number;
  /** Given back to the queue. */
  requeued: number;
}

/** pungi's messages have under 2 KiB. */
const CONTENT_BYTES_MAX = 1024 * 1024;
/**
 * Hold a message through an outage, because a quorum queue drops a message that came back 20 times. Hold it
 * for less than half an hour, because RabbitMQ then closes the channel.
 */
const HOLD_MS_MAX = 20 * 60_000;
const FIRST_RETRY_MS = 1_000;
const RETRY_MS_MAX = 30_000;
/** Clocks and time zones differ by less; a later date is a mistake. */
const FUTURE_MS_MAX = 2 * 86_400_000;

export interface ListenerOptions extends StartOptions {
  readonly filter: ComposeFilter;
  /** The bindings of the configuration; a queue may have others of its administrator. */
  readonly topics: readonly string[];
  readonly log: Logger;
  readonly holdMs?: number;
  readonly firstRetryMs?: number;
  /** Called for each message that `counts` counts. */
  readonly onCount?: (result: keyof ListenerCounts) => void;
  readonly signal: AbortSignal;
}

export class ComposeListener {
  readonly counts: ListenerCounts = { taken: 0, ignored: 0, broken: 0, retried: 0, requeued: 0 };
  readonly #session: Session;
  readonly #options: ListenerOptions;

  constructor(session: Session, options: ListenerOptions) {
    this.#session = session;
    this.#options = options;
  }

  /** Returns `done` only when Temporal has the message, or when it is not for this deployment. */
  async handle(delivery: Delivery): Promise<Verdict> {
    const about = { topic: printable(delivery.topic), messageId: shownId(delivery.messageId) };
    const log = this.#options.log.child(about);
    if (!this.#options.topics.some((pattern) => matchesTopic(pattern, delivery.topic))) {
      return this.#ignore('its topic matches none of messaging.bindings', log);
    }
    const read = readMessage(delivery.content);
    if (read.kind === 'invalid') {
      this.#count('broken');
      const problems = read.problems.map(printable);
      log.error({ problems, counts: this.counts }, 'a malformed message is dropped');
      return 'drop';
    }
    if (read.kind === 'ignored') return this.#ignore(read.reason, log);
    const reason = this.#outOfScope(read.message);
    return reason === undefined ? this.#signal(read.message, log) : this.#ignore(reason, log);
  }

  #count(result: keyof ListenerCounts): void {
    this.counts[result] += 1;
    this.#options.onCount?.(result);
  }

  #ignore(reason: string, log: Logger): Verdict {
    this.#count('ignored');
    log.debug({ reason }, 'a message is ignored');
    return 'done';
  }

  /** Tries again through an outage, for at most `holdMs`. */
  async #signal(message: ComposeMessage, log: Logger): Promise<Verdict> {
    const { holdMs = HOLD_MS_MAX, firstRetryMs = FIRST_RETRY_MS, signal } = this.#options;
    const beganMs = performance.now();
    for (let delayMs = firstRetryMs; ; delayMs = Math.min(delayMs * 2, RETRY_MS_MAX)) {
      if (await this.#isTaken(message, log)) return 'done';
      // Without a pause it would fail again at once, and a requeued message comes back at once.
      await pause(delayMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted || performance.now() - beganMs > holdMs) break;
      this.#count('retried');
    }
    this.#count('requeued');
    const { composeId, status } = message;
    log.error({ composeId, status, counts: this.counts }, 'the message goes back to the queue');
    return 'requeue';
  }

  async #isTaken(message: ComposeMessage, log: Logger): Promise<boolean> {
    const { composeId, status } = message;
    try {
      const { state, workflowId, link, warning } = await signalCompose(
        this.#session,
        message,
        this.#options,
      );
      this.#count('taken');
      log.info(
        { composeId, status, state, workflowId, link, counts: this.counts },
        'compose signalled',
      );
      if (warning !== null) log.warn({ composeId, workflowId }, warning);
      return true;
    } catch (error) {
      const next = error instanceof ClientError ? error.next : undefined;
      log.error(
        { composeId, status, reason: (error as Error).message, next, counts: this.counts },
        'Temporal did not accept the message; it is tried again',
      );
      return false;
    }
  }

  #outOfScope({ composeId }: ComposeMessage): string | undefined {
    const { products, composeTypes, maxAgeMs } = this.#options.filter;
    const id = parseComposeId(composeId);
    if (id === undefined) return `${composeId} is not a compose id`;
    if (!products.includes(id.short)) return `${id.short} is not in composes.products`;
    if (!composeTypes.includes(id.composeType)) {
      return `${composeId} has the type ${id.composeType}, which is not in composes.compose_types`;
    }
    const [year, month, day] = [id.date.slice(0, 4), id.date.slice(4, 6), id.date.slice(6)];
    const ageMs = Date.now() - Date.parse(`${year}-${month}-${day}T00:00:00Z`);
    if (ageMs > maxAgeMs) return `${composeId} is older than composes.max_age`;
    return ageMs < -FUTURE_MS_MAX ? `${composeId} has a date in the future` : undefined;
  }
}

function readMessage(content: Buffer): ReturnType<typeof parseComposeMessage> {
  if (content.length > CONTENT_BYTES_MAX) {
    return {
      kind: 'invalid',
      problems: [`it has ${content.length} bytes; at most ${CONTENT_BYTES_MAX} are allowed`],
    };
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(content);
    return parseComposeMessage(parseStrictJson(text));
  } catch (error) {
    if (error instanceof JsonError) return { kind: 'invalid', problems: [`it ${error.message}`] };
    return { kind: 'invalid', problems: ['it is not UTF-8'] };
  }
}

function shownId(id: string | undefined): string {
  return printable((id ?? 'none').slice(0, 100));
}
