/** The stream of changes: each event is the number of a new state; the page then asks for itself. */

import type { Context } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { Board, BoardView } from '../board/board.js';

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

  serve(context: Context): Response {
    if (this.#open.size >= STREAMS_MAX) {
      return context.text(`${STREAMS_MAX} pages are live already; reload this one by hand\n`, 503);
    }
    return streamSSE(context, async (stream) => {
      let wake = (): void => undefined;
      let isOver = false;
      const end = (): void => {
        isOver = true;
        wake();
      };
      this.#open.add(end);
      stream.onAbort(end);
      let sent: string | undefined;
      const unsubscribe = this.#board.subscribe(() => wake());
      try {
        while (!isOver) {
          const state = stateOf(this.#board.view);
          if (state !== sent)
            await stream.writeSSE({ event: 'state', data: state, retry: RETRY_MS });
          else await stream.writeSSE({ event: 'beat', data: '' });
          sent = state;
          // Changes while it wrote are in the next state.
          if (stateOf(this.#board.view) !== sent) continue;
          await new Promise<void>((resolve) => {
            const timer = setTimeout(resolve, HEARTBEAT_MS);
            wake = () => {
              clearTimeout(timer);
              resolve();
            };
            if (isOver) wake();
          });
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

function stateOf({ version, trouble, readAt }: BoardView): string {
  return JSON.stringify({ version, isStale: trouble !== null || readAt === null });
}
