/** With `copy.start = "with-test"`, the copies of the snapshot that begin before the test has passed: snapshots without AMIs. */

import { CancellationScope, log, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../../activities/activities.js';
import type { SnapshotSource } from '../../activities/shapes/image.js';
import { failureReason } from '../failure-reason.js';
import { waiting } from '../profiles.js';
import type { Publication } from './publication.js';

const { copySnapshot } = proxyActivities<Pick<Activities, 'copySnapshot'>>(waiting);

interface EarlyCopy {
  readonly scope: CancellationScope;
  /** Resolves also when it failed: the copy step then makes the copy. */
  readonly ended: Promise<unknown>;
}

export class EarlyCopies {
  readonly #copies = new Map<string, EarlyCopy>();

  /** Begins a copy in each region that waits for one; the run goes on meanwhile. */
  begin(publication: Publication, source: SnapshotSource): void {
    const { run, plan } = publication;
    if (plan.copyStart !== 'with-test') return;
    for (const { regionName } of plan.copies) {
      if (run.region(regionName).state !== 'waiting') continue;
      this.#copies.set(regionName, beginOne(publication, source, regionName));
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

function beginOne(
  { run, plan, undo, late }: Publication,
  source: SnapshotSource,
  regionName: string,
): EarlyCopy {
  const { origin } = plan;
  const scope = late.newScope();
  undo.register(regionName, 'copy');
  run.setRegion(regionName, { state: 'copying' });
  const summary = `begin the copy to ${regionName} while the test runs`;
  const copy = async (): Promise<void> => {
    try {
      await copySnapshot.executeWithOptions({ summary }, [{ origin, regionName, source }]);
    } catch (failure) {
      log.warn('an early copy did not begin; the copy step tries it again', {
        region: regionName,
        reason: failureReason(failure),
      });
    }
  };
  return { scope, ended: late.run(() => scope.run(copy)) };
}
