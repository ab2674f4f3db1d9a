/** The records of all AMIs for the catalogue: read in the background, so that no visitor waits for them. */

import { byPresence, inOrder } from '../../model/catalogue/catalogue.js';
import type { RunRef } from '../../model/ids/run-ref.js';
import type { AmiRecord } from '../../model/progress/progress.js';

export interface CatalogueAnswer {
  readonly records: readonly AmiRecord[];
  /** What is missing in the answer, such as a region that did not answer. */
  readonly notes: readonly string[];
}

/** Where records come from: Temporal's histories or EC2's tags. */
export interface CatalogueSource {
  readonly read: () => Promise<CatalogueAnswer>;
  readonly linkOf: (run: RunRef) => string | null;
}

export interface CatalogueView {
  /** Of images that have an AMI, in the catalogue's order. */
  readonly records: readonly AmiRecord[];
  readonly notes: readonly string[];
  readonly readAt: string | null;
  readonly trouble: string | null;
}

/** The catalogue is read again after a change of the runs, but not more often than this. */
const INTERVAL_MS = 5_000;
/** And without a change after this time: EC2's tags change without a run. */
const OLD_MS = 300_000;

export class Catalogue {
  readonly source: CatalogueSource;
  readonly #log: (line: string) => void;
  #view: CatalogueView = { records: [], notes: [], readAt: null, trouble: null };
  #mark: string | undefined;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;

  constructor(source: CatalogueSource, log: (line: string) => void = () => undefined) {
    this.source = source;
    this.#log = log;
  }

  /** `mark` changes when the catalogue may have changed. The first visitor waits; all others get what is known. */
  async look(mark: string): Promise<CatalogueView> {
    const ageMs = performance.now() - this.#readAtMs;
    const isDue = (mark !== this.#mark && ageMs > INTERVAL_MS) || ageMs > OLD_MS;
    if (isDue) this.#reading ??= this.#read(mark).finally(() => (this.#reading = undefined));
    if (this.#view.readAt === null && this.#view.trouble === null) await this.#reading;
    return this.#view;
  }

  async close(): Promise<void> {
    await this.#reading;
  }

  async #read(mark: string): Promise<void> {
    try {
      const { records, notes } = await this.source.read();
      const { present } = byPresence(records);
      const readAt = new Date().toISOString();
      this.#view = { records: inOrder(present), notes, readAt, trouble: null };
      this.#mark = mark;
    } catch (error) {
      const trouble = error instanceof Error ? error.message : String(error);
      this.#log(`the catalogue is not up to date: ${trouble}`);
      this.#view = { ...this.#view, trouble };
    }
    this.#readAtMs = performance.now();
  }
}
