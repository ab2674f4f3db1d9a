/** Why a notification was not delivered. */

import type { Channel } from '../model/notification.js';

/** `setup`: the configuration cannot be used; the others are the receiver's. */
export type NotifyFault = 'setup' | 'unreachable' | 'refused';

const NEXT: Readonly<Record<Channel, string>> = {
  webhook: 'Check [notify.webhook] and its receiver, then run: fedimg notify test',
  mail: 'Check [notify.mail] and the mail server, then run: fedimg notify test',
};

export class NotifyError extends Error {
  readonly channel: Channel;
  readonly fault: NotifyFault;
  readonly next: string;

  constructor(channel: Channel, fault: NotifyFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'NotifyError';
    this.channel = channel;
    this.fault = fault;
    this.next = NEXT[channel];
  }

  /** The receiver understood the notification and does not want it: another try has the same answer. */
  get isFinal(): boolean {
    return this.fault === 'refused';
  }
}
