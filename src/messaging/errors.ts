/** The faults between this process and its broker; only a refusal and an invalid message are final. */

export type BrokerFault =
  /** The connection or the login fails. */
  | 'unreachable'
  /** A certificate file cannot be read. */
  | 'unreadable'
  /** The broker accepts no messages: it is short of memory or disk. */
  | 'blocked'
  /** No queue is bound to the topic. */
  | 'returned'
  /** The broker did not confirm the message; it may have it. */
  | 'unconfirmed'
  /** This user may not publish on this topic. */
  | 'refused'
  /** The message breaks its own schema. */
  | 'invalid';

const NEXT: Readonly<Record<BrokerFault, string>> = {
  unreachable:
    'Check that the broker is up and that this user may log in; see [messaging] in the configuration. fedimg tries again.',
  unreadable:
    'Make the file of [messaging] readable for this user. fedimg reads it again at the next attempt.',
  blocked:
    'Look at the memory and disk alarms of the broker. fedimg sends the message when they end.',
  returned:
    'Bind a queue to this topic, or remove messaging.url from the configuration. fedimg tries again.',
  unconfirmed: 'Wait: fedimg sends it again with the same message id.',
  refused:
    "Give the broker's user the right to publish on this topic, then send the message by hand from the log.",
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

  /** Whether another attempt would fail in the same way. */
  get isFinal(): boolean {
    return this.fault === 'refused' || this.fault === 'invalid';
  }
}
