/** What goes wrong between this process and its broker; only a refusal and a mistake of ours are final. */

export type BrokerFault =
  /** No connection, or none that lets us in. */
  | 'unreachable'
  /** A certificate of ours is not to be had. */
  | 'unreadable'
  /** The broker takes nothing: it is short of memory or disk. */
  | 'blocked'
  /** No queue is bound to the topic. */
  | 'returned'
  /** Nobody knows whether the broker has it. */
  | 'unconfirmed'
  /** This user may not publish on this topic. */
  | 'refused'
  /** The message breaks its own schema. */
  | 'invalid';

const NEXT: Readonly<Record<BrokerFault, string>> = {
  unreachable:
    'Is the broker up, and may this user log in? See [messaging] in the configuration; it is tried again.',
  unreadable:
    'Make the file of [messaging] readable for this user; it is tried again with what is there then.',
  blocked: 'Look at the memory and disk alarms of the broker; the message is sent when they end.',
  returned:
    'Bind a queue to this topic, or take messaging.url out of the configuration; it is tried again.',
  unconfirmed: 'Nothing: it is sent again with the same message id.',
  refused:
    "Give the broker's user the right to publish on this topic, then publish the message by hand from the log.",
  invalid: 'This is a mistake in fedimg: report it with the message in the log.',
};

export class BrokerError extends Error {
  override readonly name = 'BrokerError';
  readonly fault: BrokerFault;
  readonly next: string;

  constructor(fault: BrokerFault, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.fault = fault;
    this.next = NEXT[fault];
  }

  /** Whether no later attempt can succeed. */
  get isFinal(): boolean {
    return this.fault === 'refused' || this.fault === 'invalid';
  }
}
