/** With `copy.start = "with-test"`, the copies of the snapshot that begin before the test has passed: snapshots without AMIs. */

import { CancellationScope, log, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../../activities/activities.js';
import type { SnapshotSource } from '../../activities/shapes/image.js';
import type { CopySnapshotInput } from '../../activities/shapes/region.js';
import type { ImagePlan } from '../../model/plan/plan.js';
import { failureReason } from '../failure-reason.js';
import { waiting } from '../profiles.js';
import type { ImageRun } from './image-run.js';
import type { LateRegions } from './late-regions.js';
import type { UndoStack } from './undo-stack.js';

const { copySnapshot } = proxyActivities<Pick<Activities, 'copySnapshot'>>(waiting);

interface EarlyCopy {
  readonly scope: CancellationScope;
  /** Resolves also when it failed: the copy step then makes the copy. */
  readonly ended: Promise<unknown>;
}

/** The parts of a publication that an early copy changes. */
interface CopyingRun {
  readonly run: ImageRun;
  readonly undo: UndoStack;
  readonly late: LateRegions;
}

export class EarlyCopies {
  readonly #of: CopyingRun;
  readonly #copies = new Map<string, EarlyCopy>();

  constructor({ run, undo, late }: CopyingRun) {
    this.#of = { run, undo, late };
  }

  /** Begins a copy in each region that waits for one; the run goes on meanwhile. */
  begin({ copyStart, copies, origin }: ImagePlan, source: SnapshotSource): void {
    if (copyStart !== 'with-test') return;
    for (const { regionName } of copies) {
      if (this.#of.run.region(regionName).state !== 'waiting') continue;
      this.#copies.set(regionName, beginOne(this.#of, { origin, regionName, source }));
    }
  }

  /** Waits for the region's early copy; false when it has none. A cancel of the caller's scope ends the copy, too. */
  async ended(regionName: string): Promise<boolean> {
    const copy = this.#copies.get(regionName);
    if (copy === undefined) return false;
    CancellationScope.current().cancelRequested.catch(() => copy.scope.cancel());
    await copy.ended;
    return true;
  }

  /** Cancels the region's early copy, and waits until it has stopped: the undo must find all that it made. */
  async stop(regionName: string): Promise<void> {
    const copy = this.#copies.get(regionName);
    if (copy === undefined) return;
    copy.scope.cancel();
    await copy.ended;
    this.#copies.delete(regionName);
  }
}

function beginOne({ run, undo, late }: CopyingRun, input: CopySnapshotInput): EarlyCopy {
  const { regionName } = input;
  const scope = late.newScope();
  undo.register(regionName, 'copy');
  run.setRegion(regionName, { state: 'copying' });
  const summary = `begin the copy to ${regionName} while the test runs`;
  const copy = async (): Promise<void> => {
    try {
      await copySnapshot.executeWithOptions({ summary }, [input]);
    } catch (failure) {
      log.warn('an early copy did not begin; the copy step tries it again', {
        region: regionName,
        reason: failureReason(failure),
      });
    }
  };
  return { scope, ended: late.run(() => scope.run(copy)) };
}
