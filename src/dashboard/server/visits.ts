/** What a request tells about its visitor: who acts, which form of the answer, and what became of the last act. */

import { randomUUID } from 'node:crypto';
import type { Context } from 'hono';
import type { Board } from '../board/board.js';
import type { Notice, PageContext } from '../pages/layout.js';
import type { Gate } from './gate.js';

const NOTICES_MAX = 200;

export class Visits {
  readonly #board: Board;
  readonly #gate: Gate;
  readonly #notices = new Map<string, Notice>();

  constructor({ board, gate }: { readonly board: Board; readonly gate: Gate }) {
    this.#board = board;
    this.#gate = gate;
  }

  async contextOf(context: Context): Promise<PageContext> {
    const actor = this.#gate.actorOf(context);
    const url = new URL(context.req.url);
    const notice = this.#notices.get(url.searchParams.get('notice') ?? '');
    url.searchParams.delete('notice');
    return {
      nowMs: Date.now(),
      board: await this.#board.look(),
      actor,
      canSignIn: this.#gate.mode.kind === 'token',
      path: `${url.pathname}${url.search}`,
      notice,
    };
  }

  /** By the ending of the address, or by the `Accept` header of a program. */
  wantsJson(context: Context): boolean {
    if (context.req.path.endsWith('.json')) return true;
    const accept = context.req.header('accept') ?? '';
    return accept.includes('application/json') && !accept.includes('text/html');
  }

  /** The address of a page of this server that shows the notice. */
  withNotice(to: string, notice: Notice): string {
    const id = randomUUID();
    const [oldest] = this.#notices.keys();
    if (this.#notices.size >= NOTICES_MAX && oldest !== undefined) this.#notices.delete(oldest);
    this.#notices.set(id, notice);
    const url = new URL(ownPath(to), 'http://page.invalid');
    url.searchParams.set('notice', id);
    return `${url.pathname}${url.search}`;
  }
}

/** A path of this server, or the first page: a form's address may come from another site. */
export function ownPath(to: string): string {
  return /^\/(?![/\\])[\x21-\x7e]*$/.test(to) ? to : '/';
}
