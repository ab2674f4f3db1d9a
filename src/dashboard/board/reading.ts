/** Reads the newest publications again and again, and of those that are closed only what has changed. */

import type { Publication } from '../../client/publications.js';
import { mapLimited } from '../../model/map-limited.js';
import type { Overview } from '../../model/status/overview.js';

/** How the dashboard reads Temporal. */
export interface BoardSource {
  /** Runs of composes and images, with the images of composes; newest first. */
  readonly list: (which: 'open' | 'all') => Promise<readonly Publication[]>;
  /** The status of one run; of the newest one without a run id. */
  readonly read: (run: {
    readonly workflowId: string;
    readonly runId?: string | undefined;
  }) => Promise<Overview>;
  /** The whole workflow id of `compose/…` or `image/…`. */
  readonly workflowIdOf: (id: string) => string;
}

export interface BoardState {
  /** Composes, and images that were published by hand; newest first. */
  readonly overviews: readonly Overview[];
  /** The newest runs of both, with the images of composes. */
  readonly runs: readonly Publication[];
}

export const EMPTY_STATE: BoardState = { overviews: [], runs: [] };

/** On the first page. Older ones have pages, too. */
const LISTED_MAX = 25;
/** How often all runs are listed; the open ones are listed with each reading. */
const LIST_INTERVAL_MS = 10_000;
/** Temporal answers queries of several workflows at the same time. */
const AT_ONCE = 8;

export class Reading {
  readonly #source: BoardSource;
  readonly #known = new Map<string, { readonly mark: string; readonly overview: Overview }>();
  #runs: readonly Publication[] = [];
  #listedAtMs = Number.NEGATIVE_INFINITY;

  constructor(source: BoardSource) {
    this.#source = source;
  }

  async read(): Promise<BoardState> {
    const runs = await this.#list();
    const tops = newestOf(topLevel(runs));
    const wanted = tops.filter((top, index) => index < LISTED_MAX || isOpen(top));
    const overviews = await mapLimited(wanted, AT_ONCE, (top) => this.#overviewOf(top, runs));
    return { overviews, runs };
  }

  /** Lists the open runs, and all of them when one has begun or ended, or after a while. */
  async #list(): Promise<readonly Publication[]> {
    const open = await this.#source.list('open');
    const openIds = new Set(open.map(({ runId }) => runId));
    const known = this.#runs.filter(isOpen);
    const isSame = known.length === open.length && known.every(({ runId }) => openIds.has(runId));
    const isDue = performance.now() - this.#listedAtMs > LIST_INTERVAL_MS;
    if (!isSame || isDue) {
      this.#runs = await this.#source.list('all');
      this.#listedAtMs = performance.now();
    }
    return this.#runs;
  }

  /** A closed publication stays as it was read until one of its runs begins or ends. */
  async #overviewOf(top: Publication, runs: readonly Publication[]): Promise<Overview> {
    const own = runs.filter((run) => isPartOf(run, top));
    const mark = own.map(({ runId, execution }) => `${runId} ${execution}`).join(' ');
    const known = this.#known.get(top.runId);
    if (known?.mark === mark) return known.overview;
    const overview = await this.#source.read(top);
    // Without a worker, less is known than with one: ask again.
    const isComplete = overview.note === null && overview.outcome !== 'running';
    if (isComplete && !own.some(isOpen)) this.#known.set(top.runId, { mark, overview });
    return overview;
  }
}

/** Composes and images by hand; a run that completes an image of a compose belongs to the compose. */
function topLevel(runs: readonly Publication[]): Publication[] {
  const composes = new Set(runs.flatMap((run) => (run.kind === 'compose' ? run.compose : [])));
  return runs.filter(
    ({ kind, child, compose }) => kind === 'compose' || (!child && !composes.has(compose)),
  );
}

function isOpen({ execution }: Publication): boolean {
  return execution === 'RUNNING';
}

function isPartOf(run: Publication, top: Publication): boolean {
  if (run.workflowId === top.workflowId) return true;
  return top.kind === 'compose' && run.compose !== null && run.compose === top.compose;
}

/** The newest run of each workflow id; `runs` is sorted newest first. */
export function newestOf(runs: readonly Publication[]): Publication[] {
  const seen = new Set<string>();
  return runs.filter(({ workflowId }) => !seen.has(workflowId) && seen.add(workflowId));
}
