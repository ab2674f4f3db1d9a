/** One publication after its plan: what its steps share. */

import { CancellationScope } from '@temporalio/workflow';
import type { ImagePlan, RegionPlan, RegisteredAmi } from '../../model/plan/plan.js';
import { settleAll } from '../../model/settle.js';
import { announcementsOf } from './announce-changes.js';
import { Announcements } from './announcements.js';
import type { ImageRun } from './image-run.js';
import { UndoStack } from './undo-stack.js';

/** A region and all AMIs that it was to get. */
export interface RegionAmis {
  readonly regionPlan: RegionPlan;
  readonly amis: readonly RegisteredAmi[];
}

/** Made once, when the plan is there: from then on each change of the run's state becomes messages. */
export class Publication {
  readonly run: ImageRun;
  readonly plan: ImagePlan;
  readonly undo: UndoStack;
  readonly announcements: Announcements;
  readonly #scope = CancellationScope.current();
  readonly #aside: Promise<void>[] = [];

  constructor(run: ImageRun, plan: ImagePlan) {
    this.run = run;
    this.plan = plan;
    this.undo = new UndoStack(plan.origin);
    this.announcements = new Announcements((reason) => run.addUnsent(reason));
    run.start(plan, (change) => {
      this.announcements.add(...announcementsOf(change, plan, run.regions));
    });
  }

  /** Whether the whole run was cancelled. A late copy cancels only the scope of the copies. */
  get isCancelled(): boolean {
    return this.#scope.consideredCancelled;
  }

  /** Goes on beside the steps; `settleAside` waits for it. */
  aside(work: Promise<void>): void {
    this.#aside.push(work);
  }

  async settleAside(): Promise<void> {
    await settleAll(this.#aside);
  }
}
