/** The clouds that steps begin with: each made once, kept as a folder, copied for every cell. */

import type { Bench } from './bench.js';
import { Driver } from './driver.js';
import type { RunState } from './state.js';
import { newState } from './state.js';
import type { StageName, Step } from './steps.js';
import { STAGES } from './steps.js';
import type { World } from './world.js';
import { openWorld } from './world.js';

interface PreparedStage {
  readonly folder: string;
  readonly state: RunState;
}

export class Stages {
  readonly #bench: Bench;
  readonly #prepared = new Map<StageName, Promise<PreparedStage>>();

  constructor(bench: Bench) {
    this.#bench = bench;
  }

  /** A cloud of one's own that stands where the stage ends. */
  async open(name: StageName, seed: number): Promise<World> {
    const { folder, state } = await this.#prepare(name);
    const own = await this.#bench.cloudFolder(folder);
    return openWorld(this.#bench, { folder: own, state: structuredClone(state), seed });
  }

  #prepare(name: StageName): Promise<PreparedStage> {
    let prepared = this.#prepared.get(name);
    if (prepared === undefined) {
      prepared = this.#make(name);
      this.#prepared.set(name, prepared);
      // One bad moment must not spoil every cell that begins here.
      prepared.catch(() => this.#prepared.delete(name));
    }
    return prepared;
  }

  async #make(name: StageName): Promise<PreparedStage> {
    const { from, acts } = STAGES[name];
    if (from === undefined) {
      return { folder: await this.#bench.cloudFolder(), state: newState() };
    }
    const world = await this.open(from, 1);
    const stage: Step = { row: 0, stage: from, acts, owns: () => true, undo: [] };
    const outcome = await new Driver(world, stage, await world.worker()).run();
    if (outcome.kind !== 'done') {
      const why = 'failure' in outcome ? outcome.failure.message : outcome.kind;
      throw new Error(`the stage "${name}" cannot be prepared: ${why}`);
    }
    await world.close({ keepFolder: true });
    return { folder: world.folder, state: world.state };
  }
}
