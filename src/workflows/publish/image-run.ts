/** The state of one publication: answers the query, draws the page in the Temporal UI, makes the result. */

import {
  log,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { WrittenImage } from '../../activities/activities.js';
import type { PublishImageInput } from '../../contract.js';
import { imageProgressQuery, phaseAttribute } from '../../contract.js';
import type { ImagePlan, RegionPlan, RegisteredAmi } from '../../model/plan/plan.js';
import type {
  ImageOutcome,
  ImageProgress,
  ImageResult,
  RegionProgress,
  Step,
  StepProgress,
  StepState,
  TestRecord,
} from '../../model/progress/progress.js';
import { STEPS, waitingSteps } from '../../model/progress/progress.js';
import type { Change, TestState } from './announce-changes.js';
import { imageDetails } from './image-details.js';
import type { RecordedRun } from './image-result.js';
import { imageResult, imageSummary } from './image-result.js';
import type { Undone } from './undo-stack.js';
import { leftBehind } from './undo-stack.js';

export class ImageRun {
  readonly input: PublishImageInput;
  readonly workflowId: string;
  readonly runId: string;
  #plan: ImagePlan | undefined;
  #onChange: (change: Change) => void = () => undefined;
  #outcome: ImageOutcome | 'running' = 'running';
  #failure: string | undefined;
  #written: WrittenImage | undefined;
  readonly #steps: Record<Step, StepProgress> = waitingSteps();
  readonly #regions = new Map<string, RegionProgress>();
  readonly #tests: TestRecord[] = [];
  readonly #unsent: string[] = [];

  constructor(input: PublishImageInput) {
    const info = workflowInfo();
    this.input = input;
    this.workflowId = info.workflowId;
    this.runId = info.firstExecutionRunId;
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

  /** Takes the plan; `onChange` gets each later change of the state. */
  start(plan: ImagePlan, onChange: (change: Change) => void): void {
    this.#plan = plan;
    for (const { regionName, unusable } of this.regionPlans) {
      this.setRegion(
        regionName,
        unusable === undefined ? { state: 'waiting' } : { state: 'left-out', reason: unusable },
      );
    }
    this.#onChange = onChange;
  }

  /**
   * Runs one of the eight steps and records when it began and when it was done. A step that is repeated with a
   * new utility instance keeps the state that it has reached.
   */
  async step<T>(step: Step, body: () => Promise<T>): Promise<T> {
    if (this.#steps[step].state === 'waiting') {
      upsertSearchAttributes([{ key: phaseAttribute, value: step }]);
      this.#mark(step, 'running');
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

  /** No step is left to do. */
  skipSteps(): void {
    for (const step of STEPS) {
      if (this.#steps[step].state === 'waiting') this.#mark(step, 'skipped');
    }
  }

  recordWritten(written: WrittenImage): void {
    this.#written = written;
  }

  setTest(ami: RegisteredAmi, after: TestState): void {
    if (after.state === 'passed') this.#tests.push(after.record);
    this.#onChange({ of: 'test', ami, after });
  }

  setRegion(regionName: string, change: Partial<Omit<RegionProgress, 'region'>>): void {
    const before = this.region(regionName);
    const after = { ...before, ...change };
    this.#regions.set(regionName, after);
    this.#show();
    this.#onChange({ of: 'region', before, after });
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
    if (madeAmis) this.#onChange({ of: 'undo', before, kept, isUnseen });
  }

  /** A message that cannot be sent any more, with the reason. */
  addUnsent(reason: string): void {
    this.#unsent.push(reason);
  }

  close(outcome: ImageOutcome, failure?: string): void {
    this.#outcome = outcome;
    this.#failure = failure;
    upsertSearchAttributes([{ key: phaseAttribute, value: outcome }]);
    this.#show();
    this.#onChange({ of: 'outcome', after: outcome });
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
      regions: this.regions,
      tests: this.#tests,
      ...(this.#failure === undefined ? {} : { failure: this.#failure }),
      ...(this.#unsent.length === 0 ? {} : { unsent: this.#unsent }),
    };
  }

  result(outcome: ImageResult['outcome']): ImageResult {
    return imageResult(this.record, outcome, {
      rawSha256: this.#written?.rawSha256 ?? null,
      rawSizeBytes: this.#written?.rawSizeBytes ?? this.#plan?.rawSizeBytes ?? null,
    });
  }

  #mark(step: Step, after: StepState): void {
    const now = new Date().toISOString();
    const before = this.#steps[step];
    this.#steps[step] =
      after === 'running'
        ? { state: after, startedAt: now }
        : { ...before, state: after, endedAt: now };
    this.#show();
    this.#onChange({ of: 'step', step, after });
  }

  #show(): void {
    setCurrentDetails(imageDetails(this.progress()));
  }
}
