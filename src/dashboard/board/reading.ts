/** Reads the newest publications again and again; a publication that answers late holds up only itself. */

import { isDeepStrictEqual } from 'node:util';
import { isMissing } from '../../client/errors.js';
import type { Publication } from '../../client/publications.js';
import { mapLimited } from '../../model/map-limited.js';
import type { Overview } from '../../model/status/overview.js';
import { withKnown } from './unchanged.js';

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

/** What has not changed is the same object as before. */
export interface BoardState {
  /** Composes, and images that were published by hand; newest first. */
  readonly overviews: readonly Overview[];
  /** The newest runs of both, with the images of composes. */
  readonly runs: readonly Publication[];
}

export const EMPTY_STATE: BoardState = { overviews: [], runs: [] };

/** One publication, as it was read last. */
interface Known {
  /** Undefined before the first reading, and when Temporal does not know the run any more. */
  overview?: Overview;
  /** The runs of a closed publication: it stays as it was read until one of them begins or ends. */
  mark?: string;
  /** When the last reading that succeeded began; undefined before. */
  readAtMs?: number;
  error?: unknown;
  reading?: Promise<void>;
}

/** On the first page. Older ones have pages, too. */
const LISTED_MAX = 25;
/** How often all runs are listed; the open ones are listed with each reading. */
const LIST_INTERVAL_MS = 10_000;
/** Temporal answers queries of several workflows at the same time. */
const AT_ONCE = 8;

export class Reading {
  readonly #source: BoardSource;
  readonly #onRead: () => void;
  readonly #known = new Map<string, Known>();
  #runs: readonly Publication[] = [];
  #wanted: readonly Publication[] = [];
  #state = EMPTY_STATE;
  #allListedMs = Number.NEGATIVE_INFINITY;
  #listedAtMs: number | undefined;
  #listError: unknown;

  /** `onRead` is called after each answer, also after one without a change. */
  constructor(source: BoardSource, onRead: () => void) {
    this.#source = source;
    this.#onRead = onRead;
  }

  get state(): BoardState {
    return this.#state;
  }

  /** Why the last answer did not come; undefined when all came. */
  get error(): unknown {
    return this.#listError ?? this.#entries().find(({ error }) => error !== undefined)?.error;
  }

  /** All of the state is at least as new as this; undefined until all has been read once. */
  get readAtMs(): number | undefined {
    const open = this.#entries().filter(({ mark }) => mark === undefined);
    const times = [this.#listedAtMs, ...open.map(({ readAtMs }) => readAtMs)];
    const known = times.filter((ms) => ms !== undefined);
    return known.length < times.length ? undefined : Math.min(...known);
  }

  /** Reads what may have changed; resolves when all has answered or failed. */
  async read(): Promise<void> {
    const beganMs = Date.now();
    try {
      await this.#list();
      this.#listedAtMs = beganMs;
      this.#listError = undefined;
    } catch (error) {
      this.#listError = error;
    }
    this.#update();
    if (this.#listError !== undefined) return;
    await mapLimited(this.#wanted, AT_ONCE, (top) => this.#readOne(top));
  }

  /** Resolves when what is being read has answered or failed. */
  async settled(): Promise<void> {
    await Promise.all(this.#entries().flatMap(({ reading }) => reading ?? []));
  }

  #entries(): Known[] {
    return this.#wanted.map((top) => this.#entry(top));
  }

  #entry({ runId }: Publication): Known {
    const known = this.#known.get(runId) ?? {};
    this.#known.set(runId, known);
    return known;
  }

  /** Lists the open runs, and all of them when one has begun or ended, or after a while. */
  async #list(): Promise<void> {
    const open = await this.#source.list('open');
    const openIds = new Set(open.map(({ runId }) => runId));
    const known = this.#runs.filter(isOpen);
    const isSame = known.length === open.length && known.every(({ runId }) => openIds.has(runId));
    const isDue = performance.now() - this.#allListedMs > LIST_INTERVAL_MS;
    if (isSame && !isDue) return;
    const all = await this.#source.list('all');
    this.#allListedMs = performance.now();
    if (!isDeepStrictEqual(all, this.#runs)) this.#runs = all;
    const tops = newestOf(topLevel(this.#runs));
    this.#wanted = tops.filter((top, index) => index < LISTED_MAX || isOpen(top));
    const wanted = new Set(this.#wanted.map(({ runId }) => runId));
    for (const runId of this.#known.keys()) if (!wanted.has(runId)) this.#known.delete(runId);
  }

  /** Never rejects: the failure stays with the publication until it answers. */
  #readOne(top: Publication): Promise<void> {
    const known = this.#entry(top);
    known.reading ??= this.#ask(top, known).finally(() => {
      delete known.reading;
      this.#update();
    });
    return known.reading;
  }

  async #ask(top: Publication, known: Known): Promise<void> {
    const own = this.#runs.filter((run) => isPartOf(run, top));
    const mark = own.map(({ runId, execution }) => `${runId} ${execution}`).join(' ');
    if (known.mark === mark) return;
    delete known.mark;
    const beganMs = Date.now();
    try {
      const overview = await this.#source.read(top);
      known.overview = withKnown(known.overview, overview);
      // Without a worker, less is known than with one: ask again.
      const isComplete = overview.note === null && overview.outcome !== 'running';
      if (isComplete && !own.some(isOpen)) known.mark = mark;
    } catch (error) {
      if (!isMissing(error)) {
        known.error = error;
        return;
      }
      // Its retention has ended since it was listed.
      delete known.overview;
      known.mark = mark;
    }
    known.readAtMs = beganMs;
    delete known.error;
  }

  #update(): void {
    const overviews = this.#entries().flatMap(({ overview }) => overview ?? []);
    const before = this.#state;
    const isSame =
      before.runs === this.#runs &&
      before.overviews.length === overviews.length &&
      overviews.every((overview, index) => overview === before.overviews[index]);
    if (!isSame) this.#state = { overviews, runs: this.#runs };
    this.#onRead();
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
