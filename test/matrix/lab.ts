/** Carries out cells: the cloud before the step, the fault, the step, the verdict. */

import type { Effect } from '../../src/simulator/index.js';
import { openBench } from './bench.js';
import type { Bench } from './bench.js';
import type { CallSite } from './call-site.js';
import { matchesSite } from './call-site.js';
import { Driver } from './driver.js';
import { armFaults } from './fault.js';
import type { Reference } from './reference.js';
import { measure } from './reference.js';
import { Stages } from './stages.js';
import { stepOf } from './steps.js';
import { describe, judge } from './verdict.js';
import type { ActivityCell, Fault } from './vocabulary.js';

export interface CellResult {
  /** Empty: the cell ends as the matrix says. */
  readonly wrong: readonly string[];
  readonly outcome: string;
  readonly effects: readonly Effect[];
  /** How many calls each fault has hit. */
  readonly fired: readonly number[];
}

export class Lab {
  readonly #bench: Bench;
  readonly #stages: Stages;
  readonly #references = new Map<number, Promise<Reference>>();

  private constructor(bench: Bench) {
    this.#bench = bench;
    this.#stages = new Stages(bench);
  }

  static async open(): Promise<Lab> {
    return new Lab(await openBench());
  }

  /** The undisturbed run of the step, made once. */
  reference(row: number): Promise<Reference> {
    let reference = this.#references.get(row);
    if (reference === undefined) {
      reference = measure(this.#stages, row);
      this.#references.set(row, reference);
      reference.catch(() => this.#references.delete(row));
    }
    return reference;
  }

  /** The first call of the step that the cell means. */
  async siteOf(row: number, { at }: ActivityCell): Promise<CallSite> {
    if (at === undefined) throw new TypeError(`a cell of step ${row} names no call`);
    if (at.action === '*') return { by: '', region: '', occurrence: 1, ...at };
    const { sites, calls } = await this.reference(row);
    const site = [...sites, ...calls].find((one) => matchesSite(at, one));
    if (site === undefined) throw new Error(`step ${row} makes no call ${JSON.stringify(at)}`);
    return site;
  }

  /** One cell, or two at once in one step; then the first says how it must end, and one of them must be reached. */
  async run(fault: Fault, alongside: readonly Fault[] = []): Promise<CellResult> {
    const { row, seed } = fault;
    const reference = await this.reference(row);
    const step = stepOf(row);
    const world = await this.#stages.open(step.stage, seed);
    try {
      const worker = await world.worker();
      const armed = await armFaults(world, worker, [fault, ...alongside]);
      const { disturbance } = armed;
      const driver = new Driver(world, step, worker, {
        ...(disturbance === undefined ? {} : { disturbance }),
        outlasts: armed.outlasts,
      });
      const outcome = await driver.run();
      const fired = await armed.fired();
      const effects = await world.effects();
      const wrong = await judge({ world, fault, outcome, reference });
      if (fired.every((count) => count === 0)) wrong.unshift('the fault was never reached');
      return { wrong, outcome: describe(outcome), effects, fired };
    } finally {
      await world.close();
    }
  }

  async close(): Promise<void> {
    await this.#bench.close();
  }
}
