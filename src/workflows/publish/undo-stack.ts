/** What a run must remove when it fails or is cancelled: registered before the effect, undone last first. */

import { CancellationScope, log, proxyActivities } from '@temporalio/workflow';
import type { Activities, UndoneRegion } from '../../activities/activities.js';
import type { Origin, StepTag } from '../../model/ids/tags.js';
import { failureReason } from '../failure-reason.js';
import { undoing } from '../profiles.js';

const { undoRegion } = proxyActivities<Pick<Activities, 'undoRegion'>>(undoing);

/** What became of the steps of one region: the public AMIs that stay, and what could not be removed. */
export interface Undone extends Pick<UndoneRegion, 'kept' | 'left' | 'unseen'> {
  readonly regionName: string;
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
  register(regionName: string, step: StepTag): void {
    const steps = this.#steps.get(regionName) ?? [];
    if (!steps.includes(step)) steps.push(step);
    this.#steps.set(regionName, steps);
  }

  /** Removes the machines of a step that is tried again; its undo stays registered. */
  async clear(regionName: string, step: StepTag): Promise<void> {
    await CancellationScope.nonCancellable(() => this.#undo(regionName, [step]));
  }

  /** To be called before anything is made public: its undo must not go by what EC2 showed a moment ago. */
  mayBePublic(regionName: string): void {
    this.#mayBePublic.add(regionName);
  }

  /** What was made in the region stays from now on. */
  keep(regionName: string): void {
    this.#steps.delete(regionName);
  }

  /** What this step made in the region stays for now: it has an end of its own. */
  keepStep(regionName: string, step: StepTag): void {
    const steps = this.#steps.get(regionName) ?? [];
    this.#steps.set(
      regionName,
      steps.filter((one) => one !== step),
    );
  }

  /** Undoes one region: what is public is kept. Runs on through a cancellation. */
  async unwindRegion(regionName: string): Promise<Undone> {
    const steps = this.#steps.get(regionName);
    if (steps === undefined || steps.length === 0)
      return { regionName, steps: [], kept: [], left: [] };
    this.#steps.delete(regionName);
    return CancellationScope.nonCancellable(() => this.#undo(regionName, [...steps].reverse()));
  }

  /** Undoes all regions side by side; a failure in one does not stop the others. */
  unwind(): Promise<readonly Undone[]> {
    const regions = [...this.#steps.keys()].reverse();
    return Promise.all(regions.map((regionName) => this.unwindRegion(regionName)));
  }

  async #undo(regionName: string, steps: StepTag[]): Promise<Undone> {
    const mayBePublic = this.#mayBePublic.has(regionName) ? { mayBePublic: true } : {};
    try {
      const summary = `undo ${steps.join(', ')} in ${regionName}`;
      const undone = await undoRegion.executeWithOptions({ summary }, [
        { origin: this.#origin, regionName, steps, ...mayBePublic },
      ]);
      log.info('undone', { region: regionName, removed: undone.removed, left: undone.left });
      return { regionName, steps, ...undone };
    } catch (failure) {
      log.warn('not undone: the sweep goes on with it', {
        region: regionName,
        steps,
        error: failure,
      });
      return {
        regionName,
        steps,
        kept: [],
        ...(this.#mayBePublic.has(regionName) ? { unseen: true } : {}),
        left: [`${regionName}: ${steps.join(', ')}: ${failureReason(failure)}`],
      };
    }
  }
}
