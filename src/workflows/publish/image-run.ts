/** The state of one publication: answers the query, draws the page in the Temporal UI, makes the result. */

import {
  CancellationScope,
  log,
  proxySinks,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { WrittenImage } from '../../activities/shapes/image.js';
import type { PublishImageInput } from '../../contract.js';
import type { RunSinks } from '../../model/progress/run-events.js';
import { imageProgressQuery } from '../../contract.js';
import type { ImagePlan, RegionPlan, RegisteredAmi } from '../../model/plan/plan.js';
import type {
  ImageOutcome,
  ImageProgress,
  ImageResult,
  RegionProgress,
  Step,
  StepProgress,
  StepState,
} from '../../model/progress/progress.js';
import type { TestRecord } from '../../model/progress/test-record.js';
import { stepSeconds } from '../../model/plan/estimate.js';
import { STEPS, waitingSteps } from '../../model/progress/progress.js';
import type { Change, TestState } from './announce-changes.js';
import { imageDetails } from './image-details.js';
import { runOverview } from './run-overview.js';
import type { RecordedRun } from './image-result.js';
import { imageResult, imageSummary } from './image-result.js';
import { ListAttributes, phaseOfHold } from './list-attributes.js';
import { Operator } from './operator.js';
import { beforeHold } from './region-state.js';
import { RegionTimes } from './region-times.js';
import type { OperatedRun } from './operator.js';
import type { Undone } from './undo-stack.js';
import { leftBehind } from './undo-stack.js';

/** For metrics. A worker without this sink ignores the reports. */
const { runEvents } = proxySinks<RunSinks>();

/** What follows from a change of the run, and from what the operator wants of a region. */
export interface RunListener {
  onChange(change: Change): void;
  bringBack(regionName: string): void;
  giveUp(regionName: string): void;
}

export class ImageRun {
  readonly input: PublishImageInput;
  readonly workflowId: string;
  readonly runId: string;
  readonly operator: Operator;
  #plan: ImagePlan | undefined;
  #listener: RunListener | undefined;
  #outcome: ImageOutcome | 'running' = 'running';
  #failure: string | undefined;
  readonly #list = new ListAttributes();
  /** To be awaited before the first step. */
  readonly begin = (): Promise<void> => this.#list.begin();
  /** Of the whole run: a late copy cancels only its own. */
  readonly #scope = CancellationScope.current();
  #written: Pick<WrittenImage, 'rawSha256'> | WrittenImage | undefined;
  readonly #steps: Record<Step, StepProgress> = waitingSteps();
  readonly #regions = new Map<string, RegionProgress>();
  readonly #times = new RegionTimes();
  #copiesDueAt: string | undefined;
  readonly #tests: TestRecord[] = [];
  readonly #unsent: string[] = [];

  constructor(input: PublishImageInput) {
    const info = workflowInfo();
    this.input = input;
    this.workflowId = info.workflowId;
    this.runId = info.firstExecutionRunId;
    this.operator = new Operator(this.#operated());
    if (input.complete !== undefined) this.operator.recordStart(input.complete);
    this.operator.listen();
    setHandler(imageProgressQuery, () => this.progress());
  }

  /** All regions of the plan, the home region first. */
  get regionPlans(): readonly RegionPlan[] {
    return this.#plan === undefined ? [] : [this.#plan.home, ...this.#plan.copies];
  }

  get regions(): readonly RegionProgress[] {
    return [...this.#regions.values()];
  }

  region(regionName: string): RegionProgress {
    return this.#regions.get(regionName) ?? { region: regionName, state: 'waiting', amis: [] };
  }

  get record(): RecordedRun {
    const { regionPlans } = this;
    return { request: this.input.request, regionPlans, progress: this.progress() };
  }

  /** Takes the plan; the listener gets each later change of the state. */
  start(plan: ImagePlan, listener: RunListener): void {
    this.#plan = plan;
    for (const { regionName, unusable } of this.regionPlans) {
      this.setRegion(
        regionName,
        unusable === undefined ? { state: 'waiting' } : { state: 'left-out', reason: unusable },
      );
    }
    this.#listener = listener;
  }

  replacePlan(plan: ImagePlan): void {
    this.#plan = plan;
    this.#show();
  }

  /**
   * Runs one of the eight steps and records when it began and when it was done. A step that is repeated with a
   * new utility instance keeps the state that it has reached. A paused run waits here.
   */
  async step<T>(step: Step, body: () => Promise<T>): Promise<T> {
    await this.operator.resumed(step);
    if (this.#steps[step].state === 'waiting') {
      this.#mark(step, 'running', step);
    }
    const result = await body();
    if (this.#steps[step].state === 'running') this.#mark(step, 'done');
    return result;
  }

  /** The step under way has failed, and with it the run. */
  failStep(): void {
    const running = STEPS.find((step) => this.#steps[step].state === 'running');
    if (running !== undefined) this.#mark(running, 'failed');
  }

  /** This run need not take these steps: an earlier run has done their work, or the plan has none for them. */
  skipSteps(steps: readonly Step[] = STEPS): void {
    for (const step of steps) {
      if (this.#steps[step].state === 'waiting') this.#mark(step, 'skipped');
    }
  }

  recordWritten(written: WrittenImage): void {
    this.#written = written;
  }

  /** The bytes and the passed tests of an earlier run: the evidence for the regions that this run adds. */
  recordEarlier(rawSha256: string, tests: readonly TestRecord[]): void {
    this.#written = { rawSha256 };
    this.#tests.push(...tests);
  }

  setTest(ami: RegisteredAmi, after: TestState): void {
    if (after.state === 'passed') this.#tests.push(after.record);
    this.#listener?.onChange({ of: 'test', ami, after });
  }

  /** A new state has the reason that comes with it, and not that of the state before. */
  setRegion(regionName: string, change: Partial<Omit<RegionProgress, 'region'>>): void {
    const before = this.region(regionName);
    const { region, state, amis } = before;
    const kept = change.state === undefined ? before : { region, state, amis };
    const after = { ...kept, ...change };
    this.#times.note(before, after.state);
    this.#regions.set(regionName, after);
    this.#show();
    // A region that waits for the operator has not failed yet: its messages wait, too.
    if (after.state === 'waiting-for-operator') return;
    this.#listener?.onChange({ of: 'region', before: beforeHold(before), after });
  }

  /**
   * Lists only the AMIs that stay after the undo; `before` is the region before it failed. A region whose resources
   * were not all seen gone counts as failed: the status shows the other regions of a closed run as removed.
   */
  recordUndone(undone: Undone, before: RegionProgress, reason: string): void {
    const { regionName, steps } = undone;
    const isUnseen = undone.unseen === true;
    const isGone = undone.left.length === 0 && !isUnseen;
    const madeAmis = steps.includes('register') || steps.includes('copy');
    if (!madeAmis && isGone) return;
    const kept = before.amis.filter(({ ami }) => undone.kept.includes(ami));
    const failed = {
      state: 'failed',
      reason: isGone ? reason : `${reason}${leftBehind([undone])}`,
    } as const;
    this.setRegion(regionName, { amis: kept, ...(kept.length === 0 && isGone ? {} : failed) });
    if (madeAmis) this.#listener?.onChange({ of: 'undo', before, kept });
  }

  /** A message that cannot be sent any more, with the reason. */
  addUnsent(reason: string): void {
    this.#unsent.push(reason);
  }

  close(outcome: ImageOutcome, failure?: string): void {
    this.#outcome = outcome;
    this.#failure = failure;
    runEvents.publicationClosed(outcome);
    this.#show(outcome);
    const reason = failure === undefined ? {} : { reason: failure };
    this.#listener?.onChange({ of: 'outcome', after: outcome, ...reason });
    const isPublic = this.#plan?.makePublic ?? false;
    log.info('publication closed', imageSummary(this.record, outcome, isPublic));
  }

  progress(): ImageProgress {
    const { composeId, image } = this.input.request;
    return {
      workflowId: this.workflowId,
      composeId,
      image: image.name,
      arch: image.arch,
      outcome: this.#outcome,
      steps: this.#steps,
      regions: this.regions.map((one) => this.#times.complete(one, this.#planOf(one.region))),
      tests: this.#tests,
      ...(this.#plan?.untested === undefined ? {} : { untested: this.#plan.untested }),
      ...this.#planned(),
      ...(this.#failure === undefined ? {} : { failure: this.#failure }),
      ...(this.#unsent.length === 0 ? {} : { unsent: this.#unsent }),
      ...(this.operator.hold === undefined ? {} : { hold: this.operator.hold }),
      ...(this.operator.acts.length === 0 ? {} : { acts: this.operator.acts }),
    };
  }

  /** The patience of the copies begins; undefined when the last of them has ended. */
  setCopiesDue(afterMs: number | undefined): void {
    this.#copiesDueAt =
      afterMs === undefined ? undefined : new Date(Date.now() + afterMs).toISOString();
    this.#show();
  }

  result(outcome: ImageResult['outcome']): ImageResult {
    const written = this.#written;
    const size = written !== undefined && 'rawSizeBytes' in written ? written : this.#plan;
    return imageResult(this.record, outcome, {
      rawSha256: written?.rawSha256 ?? null,
      rawSizeBytes: size?.rawSizeBytes ?? null,
    });
  }

  #planOf(name: string): RegionPlan | undefined {
    return this.regionPlans.find(({ regionName }) => regionName === name);
  }

  #planned(): Pick<ImageProgress, 'homeRegion' | 'expectedSeconds' | 'copiesDueAt'> {
    const plan = this.#plan;
    if (plan === undefined) return {};
    const due = this.#copiesDueAt === undefined ? {} : { copiesDueAt: this.#copiesDueAt };
    return { homeRegion: plan.homeRegion, expectedSeconds: stepSeconds(plan), ...due };
  }

  #mark(step: Step, after: StepState, phase?: string): void {
    const now = new Date().toISOString();
    const before = this.#steps[step];
    this.#steps[step] =
      after === 'running'
        ? { state: after, startedAt: now }
        : { ...before, state: after, endedAt: now };
    if (after === 'done' || after === 'failed') {
      const seconds = (Date.parse(now) - Date.parse(before.startedAt ?? now)) / 1000;
      runEvents.stepEnded({ step, state: after, seconds });
    }
    this.#show(phase);
    this.#listener?.onChange({ of: 'step', step, after });
  }

  #operated(): OperatedRun {
    return {
      regionOf: (regionName) => this.#regions.get(regionName),
      regionNames: () => this.regionPlans.map(({ regionName }) => regionName),
      isRequired: (name) =>
        this.regionPlans.some(({ regionName, required }) => regionName === name && required),
      approval: () => this.#plan?.approval ?? 'none',
      bringBack: (regionName) => this.#listener?.bringBack(regionName),
      giveUp: (regionName) => this.#listener?.giveUp(regionName),
      changed: () => this.#changed(),
    };
  }

  /** The phase shows in lists that the run waits for a person. */
  #changed(): void {
    const running = STEPS.findLast((step) => this.#steps[step].state === 'running');
    this.#show(this.operator.hold === undefined ? running : phaseOfHold(this.operator.hold));
  }

  #show(phase?: string): void {
    const overview = runOverview(this.progress(), this.input.request, {
      runId: this.runId,
      isCancelled: this.#scope.consideredCancelled,
    });
    this.#list.show(phase, overview);
    setCurrentDetails(imageDetails(overview));
  }
}
