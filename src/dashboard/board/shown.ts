/** What a page shows of the board: it changes only when one of these does. */

import type { Overview } from '../../model/status/overview.js';
import { attentionOf } from './attention.js';
import type { BoardView } from './board.js';
import type { BoardState } from './reading.js';

/** The compose, or the image below one. */
export function findOverview({ overviews }: BoardState, workflowId: string): Overview | undefined {
  const all = overviews.flatMap((one) => (one.kind === 'compose' ? [one, ...one.images] : [one]));
  return all.find((one) => one.workflowId === workflowId);
}

/** Of the page of one publication, or of the first page; equal members mean an equal page. */
export function shownOf(view: BoardView, workflowId: string | undefined): readonly unknown[] {
  const { overviews, runs, trouble } = view;
  const subject = workflowId === undefined ? overviews : findOverview(view, workflowId);
  return [subject, runs, trouble, healthOf(view)];
}

const healths = new WeakMap<readonly Overview[], string>();

/** The figures of the line on top of each page, once for all visitors. */
function healthOf({ overviews }: BoardState): string {
  const known = healths.get(overviews);
  if (known !== undefined) return known;
  const open = overviews.filter(({ outcome }) => outcome === 'running').length;
  const urgent = attentionOf(overviews, Date.now()).length;
  const isQuiet = overviews.some(({ attention }) => attention === 'no-worker');
  const health = `${open} ${urgent} ${isQuiet}`;
  healths.set(overviews, health);
  return health;
}
