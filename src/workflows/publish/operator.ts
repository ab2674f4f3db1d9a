/** The operator's hands on one run: takes the updates, refuses those that make no sense, and holds steps and regions. */

import {
  CancellationScope,
  CancelledFailure,
  condition,
  log,
  setHandler,
} from '@temporalio/workflow';
import type { OperatorAnswer, OperatorInput, RegionsInput } from '../../contract.js';
import {
  approveUpdate,
  cancelNoteSignal,
  pauseUpdate,
  resumeUpdate,
  retryRegionsUpdate,
  skipRegionsUpdate,
} from '../../contract.js';
import type { CompleteRequest } from '../../model/plan/completion.js';
import type { Approval } from '../../model/plan/approval.js';
import type { OperatorAct, OperatorAction } from '../../model/progress/operator.js';
import type { Hold, RegionProgress, Step } from '../../model/progress/progress.js';
import { retryRefusal, skipRefusal } from '../../model/progress/operator-rules.js';

export type Decision = 'retry' | 'skip';

/** What the operator needs to know about the run, and may do with its regions. */
export interface OperatedRun {
  /** Undefined before the plan. */
  regionOf(regionName: string): RegionProgress | undefined;
  regionNames(): readonly string[];
  isRequired(regionName: string): boolean;
  approval(): Approval;
  /** Begins with a region that was given up. */
  bringBack(regionName: string): void;
  /** Gives up a region that is not being made public. */
  giveUp(regionName: string): void;
  changed(): void;
}

export class Operator {
  readonly acts: OperatorAct[] = [];
  hold: Hold | undefined;
  readonly #run: OperatedRun;
  readonly #decisions = new Map<string, Decision>();
  readonly #copies = new Map<string, CancellationScope>();
  #isPaused = false;
  #isApproved = false;
  #isClosing = false;

  constructor(run: OperatedRun) {
    this.#run = run;
  }

  /** Temporal calls a handler within this when its message came with the start of the run. */
  listen(): void {
    setHandler(retryRegionsUpdate, (input) => this.#retry(input), {
      validator: ({ regions }: RegionsInput) =>
        this.#check(regions, (name) => this.#retryRefusal(name)),
    });
    setHandler(skipRegionsUpdate, (input) => this.#skip(input), {
      validator: ({ regions }: RegionsInput) =>
        this.#check(regions, (name) => this.#skipRefusal(name)),
    });
    setHandler(pauseUpdate, (input) => this.#pause(input), { validator: (_input) => this.#open() });
    setHandler(resumeUpdate, (input) => this.#resume(input), {
      validator: (_input) => this.#open(),
    });
    setHandler(approveUpdate, (input) => this.#approve(input), {
      validator: (_input) => this.#checkApproval(),
    });
    setHandler(cancelNoteSignal, (input) => {
      this.#record('cancel', input);
    });
  }

  /** A run that an operator started to complete an earlier one. */
  recordStart({ regions, by, reason }: CompleteRequest & OperatorInput): void {
    this.#record('retry', { by, ...(reason === undefined ? {} : { reason }) }, regions);
  }

  /** From here on the run only tidies up: it refuses further acts. */
  close(): void {
    this.#isClosing = true;
  }

  /** Resolves at once unless the run is paused. A cancel ends the wait. */
  async resumed(before: Step): Promise<void> {
    await this.#held({ for: 'resume', before }, () => !this.#isPaused);
  }

  /** Waits for the approval where the plan wants one at this place. A cancel ends the wait. */
  async approved(at: Approval, before: Step): Promise<void> {
    if (this.#run.approval() !== at) return;
    await this.#held({ for: 'approval', before }, () => this.#isApproved);
  }

  /** What the operator decides about a failed region; undefined when the time is over. */
  async decision(regionName: string, patienceMs: number): Promise<Decision | undefined> {
    const summary = `${regionName} waits for retry or skip`;
    await condition(() => this.#decisions.has(regionName), patienceMs, { summary });
    const decision = this.#decisions.get(regionName);
    this.#decisions.delete(regionName);
    return decision;
  }

  /** Runs a copy that a `skip` cancels. Throws then also when the copy was done before it noticed the cancel. */
  async skippable<T>(regionName: string, copy: () => Promise<T>): Promise<T> {
    const scope = new CancellationScope();
    this.#copies.set(regionName, scope);
    try {
      const result = await scope.run(copy);
      if (this.skipOf(regionName) !== undefined) throw new CancelledFailure('skipped');
      return result;
    } finally {
      this.#copies.delete(regionName);
    }
  }

  /** Why the operator skipped the region; undefined when they did not, or have retried it since. */
  skipOf(regionName: string): OperatorAct | undefined {
    const last = this.acts.findLast(
      ({ action, regions }) =>
        (action === 'skip' || action === 'retry') && regions?.includes(regionName),
    );
    return last?.action === 'skip' ? last : undefined;
  }

  async #held(hold: Omit<Hold, 'since'>, isOver: () => boolean): Promise<void> {
    if (isOver()) return;
    this.hold = { ...hold, since: new Date().toISOString() };
    this.#run.changed();
    try {
      await condition(isOver);
    } finally {
      this.hold = undefined;
      this.#run.changed();
    }
  }

  #retry({ regions, ...input }: RegionsInput): OperatorAnswer {
    this.#record('retry', input, regions);
    for (const regionName of regions) {
      const isHeld = this.#run.regionOf(regionName)?.state === 'waiting-for-operator';
      if (isHeld) this.#decisions.set(regionName, 'retry');
      else this.#run.bringBack(regionName);
    }
    return { changed: true };
  }

  #skip({ regions, ...input }: RegionsInput): OperatorAnswer {
    const states = regions.map((name) => [name, this.#run.regionOf(name)?.state] as const);
    const open = states.filter(([, state]) => state !== 'failed' && state !== 'left-out');
    if (open.length === 0) return { changed: false };
    this.#record(
      'skip',
      input,
      open.map(([name]) => name),
    );
    for (const [regionName, state] of open) {
      if (state === 'waiting-for-operator') this.#decisions.set(regionName, 'skip');
      else if (state === 'copying' && this.#copies.has(regionName)) {
        this.#copies.get(regionName)?.cancel();
      } else this.#run.giveUp(regionName);
    }
    return { changed: true };
  }

  #pause(input: OperatorInput): OperatorAnswer {
    if (this.#isPaused) return { changed: false };
    this.#isPaused = true;
    this.#record('pause', input);
    return { changed: true };
  }

  #resume(input: OperatorInput): OperatorAnswer {
    if (!this.#isPaused) return { changed: false };
    this.#isPaused = false;
    this.#record('resume', input);
    return { changed: true };
  }

  #approve(input: OperatorInput): OperatorAnswer {
    if (this.#isApproved) return { changed: false };
    this.#isApproved = true;
    this.#record('approve', input);
    return { changed: true };
  }

  #open(): void {
    if (this.#isClosing) {
      throw new Error('the run is already ending; `fedimg status` shows when it has closed');
    }
  }

  #check(regions: readonly string[], refusal: (regionName: string) => string | undefined): void {
    this.#open();
    if (this.#run.regionNames().length === 0) throw new Error('the regions are not planned yet');
    if (regions.length === 0) throw new Error('no region was given');
    const refusals = regions.map(refusal).filter((reason) => reason !== undefined);
    if (refusals.length > 0) throw new Error(refusals.join('; '));
  }

  #retryRefusal(regionName: string): string | undefined {
    const isRetried = this.#decisions.get(regionName) === 'retry';
    return retryRefusal(this.#known(regionName), { regionName, isRetried, ...this.#names() });
  }

  #skipRefusal(regionName: string): string | undefined {
    const isRequired = this.#run.isRequired(regionName);
    return skipRefusal(this.#known(regionName), { regionName, isRequired, ...this.#names() });
  }

  #known(regionName: string): RegionProgress | undefined {
    return this.#run.regionNames().includes(regionName)
      ? this.#run.regionOf(regionName)
      : undefined;
  }

  #names(): { readonly regionNames: readonly string[] } {
    return { regionNames: this.#run.regionNames() };
  }

  #checkApproval(): void {
    this.#open();
    if (this.#isApproved) return;
    if (this.#run.approval() === 'none') {
      throw new Error('this image needs no approval: publish.approval was "none" at its plan');
    }
    if (this.hold?.for !== 'approval') {
      const place = this.#run.approval().replace('-', ' the step ');
      throw new Error(`the image does not wait for its approval yet: it will wait ${place}`);
    }
  }

  #record(action: OperatorAction, input: OperatorInput, regions?: readonly string[]): void {
    const { by, reason } = input;
    const act: OperatorAct = {
      action,
      ...(regions === undefined ? {} : { regions }),
      by,
      ...(reason === undefined ? {} : { reason }),
      at: new Date().toISOString(),
    };
    this.acts.push(act);
    log.info('an operator acted', { ...act });
    this.#run.changed();
  }
}
