/** The state of one publication: answers the query, draws the page in the Temporal UI, makes the result. */

import {
  log,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { PublishImageInput } from '../../contract.js';
import { imageProgressQuery, phaseAttribute } from '../../contract.js';
import type { ImagePlan, RegionPlan, RegisteredAmi } from '../../model/plan/plan.js';
import type {
  AmiRecord,
  ImageOutcome,
  ImageProgress,
  ImageResult,
  RegionProgress,
  RegionState,
  Step,
  StepProgress,
  StepState,
  TestRecord,
} from '../../model/progress/progress.js';
import type { ImageFacts } from '../../model/catalogue/ami-records.js';
import { amiRecords, imageFacts, passedVariants } from '../../model/catalogue/ami-records.js';
import { waitingSteps } from '../../model/progress/progress.js';
import { variantKey } from '../../model/ids/variant.js';
import type { SnapshotSource, WrittenImage } from '../../activities/activities.js';
import { imageDetails } from './image-details.js';

/** Of a failed region only those AMIs are on record that were public before it failed. */
const RESULT_STATES: readonly RegionState[] = ['published', 'private', 'failed'];

export class ImageRun {
  readonly input: PublishImageInput;
  readonly workflowId: string;
  readonly runId: string;
  written: WrittenImage | undefined;
  source: SnapshotSource | undefined;
  readonly tests: TestRecord[] = [];
  /** Messages that nobody will ever get, each with the reason. */
  readonly unsent: string[] = [];
  #plan: ImagePlan | undefined;
  #outcome: ImageOutcome | 'running' = 'running';
  #failure: string | undefined;
  readonly #steps: Record<Step, StepProgress> = waitingSteps();
  readonly #regions = new Map<string, RegionProgress>();

  constructor(input: PublishImageInput) {
    const info = workflowInfo();
    this.input = input;
    this.workflowId = info.workflowId;
    this.runId = info.firstExecutionRunId;
    setHandler(imageProgressQuery, () => this.progress());
  }

  get plan(): ImagePlan {
    if (this.#plan === undefined) throw new TypeError('the plan is read before it is made');
    return this.#plan;
  }

  get image(): ImageFacts {
    return imageFacts(this.input.request);
  }

  /** All regions, the home region first. */
  get regionPlans(): readonly RegionPlan[] {
    return this.#plan === undefined ? [] : [this.#plan.home, ...this.#plan.copies];
  }

  freeze(plan: ImagePlan): void {
    this.#plan = plan;
    for (const regionPlan of this.regionPlans) {
      const unusable = regionPlan.unusable;
      this.setRegion(
        regionPlan.regionName,
        unusable === undefined ? { state: 'waiting' } : { state: 'left-out', reason: unusable },
      );
    }
  }

  /** Runs one of the eight steps: its times and its outcome are what the query shows. */
  async step<T>(step: Step, body: () => Promise<T>): Promise<T> {
    upsertSearchAttributes([{ key: phaseAttribute, value: step }]);
    this.#mark(step, 'running');
    try {
      const result = await body();
      this.#mark(step, 'done');
      return result;
    } catch (failure) {
      this.#mark(step, 'failed');
      throw failure;
    }
  }

  setRegion(regionName: string, change: Partial<Omit<RegionProgress, 'region'>>): void {
    const before = this.#regions.get(regionName) ?? {
      region: regionName,
      state: 'waiting',
      amis: [],
    };
    this.#regions.set(regionName, { ...before, ...change });
    this.#show();
  }

  /** The regions with AMIs that stay, the home region first. */
  results(): RegionProgress[] {
    return this.regionPlans
      .map(({ regionName }) => this.regionProgress(regionName))
      .filter(({ state, amis }) => RESULT_STATES.includes(state) && amis.length > 0);
  }

  /** Of the regions that are public as a whole. */
  publicAmis(): RegisteredAmi[] {
    const regions = [...this.#regions.values()];
    return regions.flatMap(({ state, amis }) => (state === 'published' ? amis : []));
  }

  regionProgress(regionName: string): RegionProgress {
    return this.#regions.get(regionName) ?? { region: regionName, state: 'waiting', amis: [] };
  }

  skipToEnd(): void {
    for (const [step, { state }] of Object.entries(this.#steps)) {
      if (state === 'waiting') this.#mark(step as Step, 'skipped');
    }
  }

  close(outcome: ImageOutcome, failure?: string): void {
    this.#outcome = outcome;
    this.#failure = failure;
    upsertSearchAttributes([{ key: phaseAttribute, value: outcome }]);
    this.#show();
    log.info('publication closed', this.#summary(outcome));
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
      regions: [...this.#regions.values()],
      tests: this.tests,
      ...(this.#failure === undefined ? {} : { failure: this.#failure }),
      ...(this.unsent.length === 0 ? {} : { unsent: this.unsent }),
    };
  }

  result(outcome: ImageResult['outcome']): ImageResult {
    return {
      workflowId: this.workflowId,
      outcome,
      amis: this.regionPlans.flatMap((plan) => this.#records(plan)),
      rawSha256: this.written?.rawSha256 ?? null,
      rawSizeBytes: this.written?.rawSizeBytes ?? this.#plan?.rawSizeBytes ?? null,
      tests: this.tests,
      failedRegions: [...this.#regions.values()]
        .filter(({ state }) => state === 'failed' || state === 'left-out')
        .map(({ region, reason = 'unknown', next }) => ({
          region,
          reason,
          ...(next === undefined ? {} : { next }),
        })),
      ...(this.unsent.length === 0 ? {} : { unsent: this.unsent }),
    };
  }

  /** One record with every AMI id, in the same form whatever the outcome. */
  #summary(outcome: ImageOutcome): Record<string, unknown> {
    const amisOf = ({ amis }: RegionProgress) =>
      Object.fromEntries(amis.map(({ variant, ami }) => [variantKey(variant), ami]));
    const leftOut = [...this.#regions.values()].filter(({ reason }) => reason !== undefined);
    const { compose, image, arch } = this.image;
    return {
      ...{ compose, image, arch, outcome },
      ...(this.#failure === undefined ? {} : { failure: this.#failure }),
      public: this.#plan?.makePublic ?? false,
      amis: Object.fromEntries(this.results().map((one) => [one.region, amisOf(one)])),
      leftOut: Object.fromEntries(leftOut.map(({ region, reason }) => [region, reason])),
    };
  }

  #records(plan: RegionPlan): AmiRecord[] {
    const records = amiRecords({
      image: this.image,
      tested: passedVariants(this.tests),
      plan,
      progress: this.regionProgress(plan.regionName),
    });
    return records.sort((a, b) => variantKey(a).localeCompare(variantKey(b)));
  }

  #mark(step: Step, state: StepState): void {
    const now = new Date().toISOString();
    const before = this.#steps[step];
    this.#steps[step] =
      state === 'running' ? { state, startedAt: now } : { ...before, state, endedAt: now };
    this.#show();
  }

  #show(): void {
    setCurrentDetails(imageDetails(this.progress()));
  }
}
