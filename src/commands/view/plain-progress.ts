/** Progress as single lines for logs and pipes: one line for each change. */

import type { ImageStatus, PublicationStatus } from '../../client/status.js';
import { idOf } from '../shared/again.js';
import { formatBytes, printableData } from './format.js';
import { holdLines } from './operator-view.js';
import { closedText } from './status-view.js';
import { attemptText, countRegions, currentStep, writeHeartbeat } from './step-text.js';

/** Regions finish by the dozen, so count them at most this often. */
const COUNT_INTERVAL_MS = 2_000;
/** Of the bytes: four lines for each phase. */
const PERCENT_STEP = 25;

export class PlainProgress {
  readonly #printed = new Set<string>();
  readonly #countedAtMs = new Map<string, number>();

  /** The lines that are new since the last call. */
  update(read: PublicationStatus, nowMs: number): string[] {
    const status = printableData(read);
    if (status.kind === 'image') return this.#image(status, nowMs);
    const state = status.outcome === 'running' ? status.progress?.state : status.outcome;
    return [
      ...(state === undefined
        ? []
        : this.#once(`${status.runId} ${state}`, `${idOf(status)}: ${state}`)),
      ...status.images.flatMap((image) => this.#image(image, nowMs)),
    ];
  }

  #once(key: string, line: string): string[] {
    if (this.#printed.has(key)) return [];
    this.#printed.add(key);
    return [line];
  }

  #image(image: ImageStatus, nowMs: number): string[] {
    const name = image.progress?.image ?? image.image ?? image.workflowId;
    if (image.outcome !== 'running') {
      return this.#once(`${image.runId} closed`, `${name}: ${closedText(image)}`);
    }
    const step = currentStep(image);
    if (step === undefined) return [];
    const subject = `${name}: ${step}`;
    const counts = step === 'copy' || step === 'publish';
    return [
      ...this.#once(`${image.runId} ${step}`, subject),
      ...this.#transferred(image, subject),
      ...(counts ? this.#counted(image, subject, nowMs) : []),
      ...this.#failedRegions(image, name),
      ...this.#retries(image, name),
      ...this.#holds(image, name),
    ];
  }

  #transferred(image: ImageStatus, subject: string): string[] {
    const heartbeat = writeHeartbeat(image);
    if (heartbeat === undefined || heartbeat.totalBytes <= 0) return [];
    const { phase, bytes, totalBytes } = heartbeat;
    const quarter = Math.floor((bytes / totalBytes) * (100 / PERCENT_STEP)) * PERCENT_STEP;
    const text = `${subject}: ${phase} ${quarter}% of ${formatBytes(totalBytes)}`;
    return this.#once(`${image.runId} ${phase} ${quarter}`, text);
  }

  #counted(image: ImageStatus, subject: string, nowMs: number): string[] {
    const { done, failed, total } = countRegions(image);
    const key = `${subject} ${done} ${failed}`;
    if (total === 0 || done + failed === 0 || this.#printed.has(key)) return [];
    const before = this.#countedAtMs.get(subject) ?? -Infinity;
    if (done + failed < total && nowMs - before < COUNT_INTERVAL_MS) return [];
    this.#countedAtMs.set(subject, nowMs);
    const failures = failed === 0 ? '' : `, ${failed} failed`;
    return this.#once(key, `${subject}: ${done}/${total} regions${failures}`);
  }

  #failedRegions({ runId, progress }: ImageStatus, name: string): string[] {
    const failed = (progress?.regions ?? []).filter(({ state }) => state === 'failed');
    return failed.flatMap(({ region, reason }) => {
      const why = reason ?? 'unknown';
      return this.#once(`${runId} ${region}`, `${name}: ${region} failed: ${why}`);
    });
  }

  #holds(image: ImageStatus, name: string): string[] {
    return holdLines(image, (_style, text) => text).flatMap((line) =>
      this.#once(`${image.runId} ${line}`, `${name}: ${line.trim()}`),
    );
  }

  #retries({ runId, activities }: ImageStatus, name: string): string[] {
    return activities.flatMap((activity) => {
      const { id, attempt, lastFailure } = activity;
      if (attempt < 2 || lastFailure === null) return [];
      const line = `${name}: ${attemptText(activity)}: ${lastFailure.message}`;
      return this.#once(`${runId} ${id} ${attempt}`, line);
    });
  }
}
