/** Where messages go to in these tests: it keeps what arrived, and has traps as the network has. */

import type { Announcement } from '../../src/model/progress/announcement.js';
import { TrapSet } from './traps.js';

/** The messages that have arrived, of all workers. */
export type Mailbox = Announcement[];

/** One worker's way to the mailbox. */
export class BrokerLink {
  readonly traps = new TrapSet();
  readonly #mailbox: Mailbox;
  #dead = false;

  constructor(mailbox: Mailbox) {
    this.#mailbox = mailbox;
  }

  async send(announcement: Announcement): Promise<void> {
    const trap = this.traps.note({ action: 'send', region: '', by: '' });
    const kind = trap?.options.kind;
    if (kind === 'hold-before' || kind === 'cut-before' || kind === 'answer') trap?.reach();
    if (kind === 'cut-before' || kind === 'answer') throw new Error('the broker refuses');
    if (kind === 'hold-before') await trap?.released;
    if (this.#dead) return new Promise(() => undefined);
    this.#mailbox.push(announcement);
    if (kind === 'hold-after' || kind === 'cut-after') trap?.reach();
    if (kind === 'cut-after') throw new Error('the confirmation of the broker was lost');
    if (kind === 'hold-after') await trap?.released;
  }

  kill(): void {
    this.#dead = true;
  }
}
