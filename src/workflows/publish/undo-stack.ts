/** What a run must remove when it fails or is cancelled: registered before the effect, undone last first. */

import { CancellationScope, log, proxyActivities } from '@temporalio/workflow';
import type { Activities, UndoneRegion } from '../../activities/activities.js';
import type { Origin, StepTag } from '../../model/ids/tags.js';
import { failureReason } from '../failure-reason.js';
import { undoing } from '../profiles.js';

const { undoRegion } = proxyActivities<Pick<Activities, 'undoRegion'>>(undoing);

/** What became of the steps of one region: the public AMIs that stay, and what could not be removed. */
export interface Undone extends Pick<UndoneRegion, 'kept' | 'left' | 'unseen'> {
  readonly region: string;
  readonly steps: readonly StepTag[];
}

export class UndoStack {
  readonly #origin: Origin;
  /** By region, in order of making. */
  readonly #steps = new Map<string, StepTag[]>();
  readonly #mayBePublic = new Set<string>();

  constructor(origin: Origin) {
    this.#origin = origin;
  }

  /** To be called before the effect: an answer that never came leaves a resource, too. */
  register(region: string, step: StepTag): void {
    const steps = this.#steps.get(region) ?? [];
    if (!steps.includes(step)) steps.push(step);
    this.#steps.set(region, steps);
  }

  /** Removes the machines of a step that is tried again; its undo stays registered. */
  async clear(region: string, step: StepTag): Promise<void> {
    await CancellationScope.nonCancellable(() => this.#undo(region, [step]));
  }

  /** To be called before anything is made public: its undo must not go by what EC2 showed a moment ago. */
  mayBePublic(region: string): void {
    this.#mayBePublic.add(region);
  }

  /** What was made in the region stays from now on. */
  keep(region: string): void {
    this.#steps.delete(region);
  }

  /** What this step made in the region stays for now: it has an end of its own. */
  keepStep(region: string, step: StepTag): void {
    const steps = this.#steps.get(region) ?? [];
    this.#steps.set(
      region,
      steps.filter((one) => one !== step),
    );
  }

  /** Undoes one region: what is public is kept. Runs on through a cancellation. */
  async unwindRegion(region: string): Promise<Undone> {
    const steps = this.#steps.get(region);
    if (steps === undefined || steps.length === 0) return { region, steps: [], kept: [], left: [] };
    this.#steps.delete(region);
    return CancellationScope.nonCancellable(() => this.#undo(region, [...steps].reverse()));
  }

  /** Undoes all regions side by side; a failure in one does not stop the others. */
  unwind(): Promise<readonly Undone[]> {
    const regions = [...this.#steps.keys()].reverse();
    return Promise.all(regions.map((region) => this.unwindRegion(region)));
  }

  async #undo(region: string, steps: StepTag[]): Promise<Undone> {
    const mayBePublic = this.#mayBePublic.has(region) ? { mayBePublic: true } : {};
    try {
      const summary = `undo ${steps.join(', ')} in ${region}`;
      const undone = await undoRegion.executeWithOptions({ summary }, [
        { origin: this.#origin, region, steps, ...mayBePublic },
      ]);
      log.info('undone', { region, removed: undone.removed, left: undone.left });
      return { region, steps, ...undone };
    } catch (failure) {
      log.warn('not undone: the sweep goes on with it', { region, steps, error: failure });
      return {
        region,
        steps,
        kept: [],
        ...(this.#mayBePublic.has(region) ? { unseen: true } : {}),
        left: [`${region}: ${steps.join(', ')}: ${failureReason(failure)}`],
      };
    }
  }
}
