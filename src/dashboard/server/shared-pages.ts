/** A page that many visitors look at is made once for all who only read: a change wakes all of them at the same time. */

import type { Context } from 'hono';
import { Memory } from '../board/memory.js';
import type { Visits } from './visits.js';

interface Made {
  readonly text: string;
  readonly type: string;
}

/** The durations on a page are this old, at most; its script lets them run. */
const KEPT_MS = 1_000;
/** A page is up to 300 KiB, and each query makes another one. */
const PAGES_MAX = 40;

type Handler = (context: Context) => Promise<Response>;

export class SharedPages {
  readonly #visits: Visits;
  readonly #made = new Memory<Made>(KEPT_MS, PAGES_MAX);

  constructor(visits: Visits) {
    this.#visits = visits;
  }

  /** `make` with its answer kept as long as the board does not change. It throws where it has no page. */
  share(make: Handler): Handler {
    return async (context) => {
      const { actor, notice, board, path } = await this.#visits.contextOf(context);
      // A form carries its visitor's own secret.
      if (actor !== null || notice !== undefined) return make(context);
      const form = this.#visits.wantsJson(context) ? 'json' : 'html';
      const { text, type } = await this.#made.get(
        `${board.version} ${board.readAt === null} ${form} ${path}`,
        async () => madeOf(await make(context)),
      );
      return context.body(text, 200, { 'content-type': type });
    };
  }
}

async function madeOf(response: Response): Promise<Made> {
  return { text: await response.text(), type: response.headers.get('content-type') ?? '' };
}
