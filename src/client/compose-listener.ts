/** What becomes of a message from the bus: a compose is signalled, or the message is dropped or kept for later. */

import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Delivery, Verdict } from '../messaging/consumer.js';
import type { ComposeType } from '../model/compose.js';
import { parseComposeId } from '../model/compose.js';
import type { ComposeMessage } from '../model/compose-message.js';
import { parseComposeMessage } from '../model/compose-message.js';
import { printable } from '../model/printable.js';
import { JsonError, parseStrictJson } from '../source/strict-json.js';
import { ClientError } from './errors.js';
import type { Session } from './session.js';
import type { StartOptions } from './start.js';
import { signalCompose } from './start.js';

/** Which composes are taken up; `[composes]` of the configuration fits. */
export interface ComposeFilter {
  readonly products: readonly string[];
  readonly composeTypes: readonly ComposeType[];
  readonly maxAgeMs: number;
}

/** What became of the messages so far. */
export interface ListenerCounts {
  /** Signalled to their compose. */
  taken: number;
  /** Well-formed, and of no concern here. */
  ignored: number;
  /** Broken for good. */
  broken: number;
  /** Given back to the queue. */
  requeued: number;
}

/** pungi's messages have under 2 KiB. */
const CONTENT_BYTES_MAX = 1024 * 1024;
/** A message that cannot be taken up now is held for this long before the queue has it again. */
const REQUEUE_DELAY_MS = 5_000;

export interface ListenerOptions extends StartOptions {
  readonly filter: ComposeFilter;
  readonly log: Logger;
  readonly requeueDelayMs?: number;
  readonly signal: AbortSignal;
}

export class ComposeListener {
  readonly counts: ListenerCounts = { taken: 0, ignored: 0, broken: 0, requeued: 0 };
  readonly #session: Session;
  readonly #options: ListenerOptions;

  constructor(session: Session, options: ListenerOptions) {
    this.#session = session;
    this.#options = options;
  }

  /** `done` only when Temporal has the message, or when it is of no concern. */
  async handle(delivery: Delivery): Promise<Verdict> {
    const about = { topic: printable(delivery.topic), messageId: shownId(delivery.messageId) };
    const log = this.#options.log.child(about);
    const read = readMessage(delivery.content);
    if (read.kind === 'invalid') {
      this.counts.broken += 1;
      log.error({ problems: read.problems, counts: this.counts }, 'a broken message is dropped');
      return 'drop';
    }
    const reason = read.kind === 'ignored' ? read.reason : this.#outOfScope(read.message);
    if (read.kind === 'ignored' || reason !== undefined) {
      this.counts.ignored += 1;
      log.debug({ reason }, 'a message is of no concern');
      return 'done';
    }
    return this.#signal(read.message, log);
  }

  async #signal(message: ComposeMessage, log: Logger): Promise<Verdict> {
    const { composeId, status } = message;
    try {
      const { state, workflowId, link } = await signalCompose(
        this.#session,
        message,
        this.#options,
      );
      this.counts.taken += 1;
      log.info(
        { composeId, status, state, workflowId, link, counts: this.counts },
        'compose signalled',
      );
      return 'done';
    } catch (error) {
      this.counts.requeued += 1;
      const next = error instanceof ClientError ? error.next : undefined;
      log.error(
        { composeId, status, reason: (error as Error).message, next, counts: this.counts },
        'Temporal did not take the message: it goes back to the queue',
      );
      // At once, it would come back at once.
      const { requeueDelayMs = REQUEUE_DELAY_MS, signal } = this.#options;
      await pause(requeueDelayMs, undefined, { signal }).catch(() => undefined);
      return 'requeue';
    }
  }

  #outOfScope({ composeId }: ComposeMessage): string | undefined {
    const { products, composeTypes, maxAgeMs } = this.#options.filter;
    const id = parseComposeId(composeId);
    if (id === undefined) return `${composeId} is no compose id`;
    if (!products.includes(id.short)) return `${id.short} is not in composes.products`;
    if (!composeTypes.includes(id.composeType)) {
      return `${composeId} is of the type ${id.composeType}, which is not in composes.compose_types`;
    }
    const [year, month, day] = [id.date.slice(0, 4), id.date.slice(4, 6), id.date.slice(6)];
    const ageMs = Date.now() - Date.parse(`${year}-${month}-${day}T00:00:00Z`);
    return ageMs > maxAgeMs ? `${composeId} is older than composes.max_age` : undefined;
  }
}

function readMessage(content: Buffer): ReturnType<typeof parseComposeMessage> {
  if (content.length > CONTENT_BYTES_MAX) {
    return { kind: 'invalid', problems: [`it has ${content.length} bytes`] };
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(content);
    return parseComposeMessage(parseStrictJson(text));
  } catch (error) {
    if (error instanceof JsonError) return { kind: 'invalid', problems: [`it ${error.message}`] };
    return { kind: 'invalid', problems: ['it is no UTF-8'] };
  }
}

function shownId(id: string | undefined): string {
  return printable((id ?? 'none').slice(0, 100));
}
