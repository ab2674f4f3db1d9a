/** One publication after its plan: what its steps share. */

import { CancellationScope } from '@temporalio/workflow';
import type { ImagePlan } from '../../model/plan/plan.js';
import type { Untested } from '../../model/plan/untested.js';
import { planWithout } from '../../model/plan/plan-without.js';
import { settleAll } from '../../model/settle.js';
import { announcementsOf } from './announce-changes.js';
import { Announcements } from './announcements.js';
import { EarlyCopies } from './early-copies.js';
import { LateRegions } from './late-regions.js';
import { leaveOut } from './leave-out.js';
import type { ImageRun } from './image-run.js';
import { UndoStack } from './undo-stack.js';

/** Made once, when the plan is there: from then on each change of the run's state becomes messages. */
export class Publication {
  readonly run: ImageRun;
  #plan: ImagePlan;
  readonly undo: UndoStack;
  readonly announcements: Announcements;
  readonly late = new LateRegions();
  readonly early: EarlyCopies;
  readonly #scope = CancellationScope.current();
  readonly #aside: Promise<void>[] = [];
  /** The clean-up of each region that was left out. */
  readonly #undone = new Map<string, Promise<void>>();

  constructor(run: ImageRun, plan: ImagePlan) {
    this.run = run;
    this.#plan = plan;
    this.undo = new UndoStack(plan.origin);
    this.early = new EarlyCopies({ run, undo: this.undo, late: this.late });
    this.announcements = new Announcements((reason) => run.addUnsent(reason));
    run.start(plan, {
      onChange: (change) => {
        this.announcements.add(...announcementsOf(change, this.#plan, run.regions));
      },
      bringBack: (regionName) => this.#bringBack(regionName),
      giveUp: (regionName) => {
        if (!this.isEnding) leaveOut(this, regionName, undefined);
      },
    });
  }

  /** Changes only when a virtualization type turns out to be untestable. */
  get plan(): ImagePlan {
    return this.#plan;
  }

  /** No region gets AMIs of this type from now on. */
  leaveOutVirt(untested: Untested): void {
    this.#plan = planWithout(this.#plan, untested);
    this.run.replacePlan(this.#plan);
  }

  /** Whether the whole run was cancelled or has failed. A late copy cancels only the scope of the copies. */
  get isEnding(): boolean {
    return this.#scope.consideredCancelled || this.late.isStopped;
  }

  /** As `aside`; a region that comes back waits for it. */
  undoAside(regionName: string, undo: Promise<void>): void {
    this.#undone.set(regionName, undo);
    this.aside(undo);
  }

  async undone(regionName: string): Promise<void> {
    await this.#undone.get(regionName);
  }

  /** Goes on beside the steps; `settleAside` waits for it. */
  aside(work: Promise<void>): void {
    this.#aside.push(work);
  }

  async settleAside(): Promise<void> {
    await settleAll(this.#aside);
  }

  #bringBack(name: string): void {
    const regionPlan = this.plan.copies.find(({ regionName }) => regionName === name);
    if (regionPlan === undefined) return;
    this.run.setRegion(name, { state: 'waiting', amis: [] });
    this.late.bringBack(regionPlan);
  }
}
