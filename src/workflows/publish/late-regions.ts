/** Work on its own way beside the steps: early copies, regions that failed and wait for the operator or that the operator has brought back. */

import { CancellationScope, condition } from '@temporalio/workflow';
import type { RegionPlan } from '../../model/plan/plan.js';
import { settleAll } from '../../model/settle.js';
import type { RegionAmis } from './region-amis.js';

/** undefined: the region was left out. */
type LateRegion = Promise<RegionAmis | undefined>;

export class LateRegions {
  /** Not that of the caller: the timer of the other copies must not end a wait. */
  readonly #scope = new CancellationScope();
  readonly #all: Promise<unknown>[] = [];
  #bringBack: ((regionPlan: RegionPlan) => void) | undefined;
  #new: LateRegion[] = [];
  #isStopped = false;

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** From here on, a region that comes back is copied at once; before, it is copied with the others. */
  begin(bringBack: (regionPlan: RegionPlan) => void): void {
    this.#bringBack = bringBack;
  }

  bringBack(regionPlan: RegionPlan): void {
    this.#bringBack?.(regionPlan);
  }

  /** Ends with the others; and earlier, when it is cancelled on its own. */
  newScope(): CancellationScope {
    return new CancellationScope({ cancellable: true, parent: this.#scope });
  }

  run<T>(act: () => Promise<T>): Promise<T> {
    const work = this.#scope.run(act);
    // Another one waits for it later; until then a rejection must not count as unhandled.
    this.#all.push(work.catch(() => undefined));
    return work;
  }

  /** `publishEach` will publish it. */
  add(region: LateRegion): void {
    this.#new.push(region);
  }

  /** Publishes each region that was added as soon as it is copied; resolves when none is left. */
  async publishEach(publish: (region: RegionAmis) => Promise<void>): Promise<void> {
    const published: Promise<void>[] = [];
    let open = 0;
    const follow = async (late: LateRegion): Promise<void> => {
      open += 1;
      try {
        const region = await late;
        if (region !== undefined) await publish(region);
      } finally {
        open -= 1;
      }
    };
    const followNew = (): void => {
      for (const late of this.#new.splice(0)) {
        const work = follow(late);
        this.#all.push(work.catch(() => undefined));
        published.push(work);
      }
    };
    for (followNew(); open > 0; followNew()) {
      await condition(() => open === 0 || this.#new.length > 0);
    }
    await settleAll(published);
  }

  /** Cancels them, and waits until each has stopped: the undo must find all that they made. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#scope.cancel();
    await Promise.all(this.#all);
  }
}
