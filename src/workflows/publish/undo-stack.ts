/** What a run must remove when it fails or is cancelled: registered before the effect, undone last first. */

import { CancellationScope, log, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../../activities/activities.js';
import type { UndoneRegion } from '../../activities/shapes/removal.js';
import type { Origin, StepTag } from '../../model/ids/tags.js';
import { failureReason } from '../failure-reason.js';
import { undoing } from '../profiles.js';

const { undoRegion } = proxyActivities<Pick<Activities, 'undoRegion'>>(undoing);

/** The undone steps of one region: the public AMIs that stay, and what could not be removed. */
export interface Undone extends Pick<UndoneRegion, 'kept' | 'left' | 'unseen'> {
  readonly regionName: string;
  readonly steps: readonly StepTag[];
}

export class UndoStack {
  readonly #origin: Origin;
  /** The steps of each region, in the order in which they began. */
  readonly #steps = new Map<string, StepTag[]>();
  readonly #mayBePublic = new Set<string>();

  constructor(origin: Origin) {
    this.#origin = origin;
  }

  /** To be called before the effect: EC2 may make the resource even when its answer is lost. */
  register(regionName: string, step: StepTag): void {
    const steps = this.#steps.get(regionName) ?? [];
    if (!steps.includes(step)) steps.push(step);
    this.#steps.set(regionName, steps);
  }

  /** Removes the machines of a step that is tried again; its undo stays registered. */
  async clear(regionName: string, step: StepTag): Promise<void> {
    await CancellationScope.nonCancellable(() => this.#undo(regionName, [step]));
  }

  /** To be called before an AMI is made public: EC2 may show an AMI as private for a moment longer. */
  mayBePublic(regionName: string): void {
    this.#mayBePublic.add(regionName);
  }

  /** All resources in the region stay. */
  keep(regionName: string): void {
    this.#steps.delete(regionName);
  }

  /** The resources of this step stay; the sweep removes them at the end of their time. */
  keepStep(regionName: string, step: StepTag): void {
    const steps = this.#steps.get(regionName) ?? [];
    this.#steps.set(
      regionName,
      steps.filter((one) => one !== step),
    );
  }

  /** Undoes one region and keeps what is public. Not cancellable. */
  async unwindRegion(regionName: string): Promise<Undone> {
    const steps = this.#steps.get(regionName);
    if (steps === undefined || steps.length === 0)
      return { regionName, steps: [], kept: [], left: [] };
    this.#steps.delete(regionName);
    return CancellationScope.nonCancellable(() => this.#undo(regionName, [...steps].reverse()));
  }

  /** Undoes all regions in parallel; a failure in one does not stop the others. */
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
      log.warn('the undo failed; the sweep removes what is left', {
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

/** What could not be removed, as the end of a failure's reason; '' when all was removed. */
export function leftBehind(regions: readonly Undone[]): string {
  const left = regions.flatMap((region) => region.left);
  const rest = left.length === 0 ? '' : `; left behind: ${left.join('; ')}`;
  const unseen = regions.filter((one) => one.unseen === true).map(({ regionName }) => regionName);
  return unseen.length === 0
    ? rest
    : `${rest}; AMIs in ${unseen.join(', ')} may be public: check them in EC2`;
}
