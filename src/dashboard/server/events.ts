/** The stream of changes: each event is the number of a new state, and the page then asks for itself. */

import type { Context } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { Board, BoardView } from '../board/board.js';
import { shownOf } from '../board/shown.js';

/** Proxies end a connection that is silent for a minute. */
const HEARTBEAT_MS = 15_000;
const STREAMS_MAX = 200;
/** After a broken connection a browser waits this long. */
const RETRY_MS = 2_000;

export class Events {
  readonly #board: Board;
  readonly #open = new Set<() => void>();

  constructor(board: Board) {
    this.#board = board;
  }

  /** With `?of=WORKFLOW-ID`, only the changes that the page of that publication shows. */
  serve(context: Context): Response {
    if (this.#open.size >= STREAMS_MAX) {
      return context.text(`${STREAMS_MAX} pages are live already; reload this one by hand\n`, 503);
    }
    const of = context.req.query('of');
    return streamSSE(context, async (stream) => {
      let wake = (): void => undefined;
      let isOver = false;
      const end = (): void => {
        isOver = true;
        wake();
      };
      this.#open.add(end);
      stream.onAbort(end);
      let sent: readonly unknown[] | undefined;
      const unsubscribe = this.#board.subscribe(() => wake());
      try {
        while (!isOver) {
          const { view } = this.#board;
          const shown = shownOf(view, of);
          if (!isSame(shown, sent)) {
            sent = shown;
            await stream.writeSSE({ event: 'state', data: stateOf(view), retry: RETRY_MS });
            // Changes while it wrote are in the next state.
            continue;
          }
          const isLong = await new Promise<boolean>((resolve) => {
            const timer = setTimeout(resolve, HEARTBEAT_MS, true);
            wake = () => {
              clearTimeout(timer);
              resolve(false);
            };
            if (isOver) wake();
          });
          if (isLong) await stream.writeSSE({ event: 'beat', data: '' });
        }
      } finally {
        unsubscribe();
        this.#open.delete(end);
      }
    });
  }

  /** Ends all streams, so that the server can close. */
  close(): void {
    for (const end of this.#open) end();
  }
}

function isSame(one: readonly unknown[], other: readonly unknown[] | undefined): boolean {
  return other !== undefined && one.every((value, index) => value === other[index]);
}

function stateOf({ version, trouble, readAt }: BoardView): string {
  return JSON.stringify({ version, isStale: trouble !== null || readAt === null });
}
