/** Progress as single lines for logs and pipes: one line for each change. */

import type { PublicationStatus } from '../../client/status.js';
import { overviewOf } from '../../model/status/compose-overview.js';
import type { ImageOverview } from '../../model/status/overview.js';
import { closedText } from './closed-text.js';
import { formatBytes, printableData } from './format.js';
import { stateOf } from './screen.js';
import { countRegions, patienceText } from './work-text.js';

/** Regions finish by the dozen, so count them at most this often. */
const COUNT_INTERVAL_MS = 2_000;
/** Of the bytes: four lines for each phase. */
const PERCENT_STEP = 25;

export class PlainProgress {
  readonly #printed = new Set<string>();
  readonly #countedAtMs = new Map<string, number>();

  /** The lines that are new since the last call. */
  update(read: PublicationStatus, nowMs: number): string[] {
    const overview = printableData(overviewOf(read));
    if (overview.kind === 'image') return this.#image(overview, nowMs);
    const { runId, id, note } = overview;
    const state = stateOf(overview);
    return [
      ...this.#once(`${runId} ${state}`, `${id}: ${state}`),
      ...(note === null ? [] : this.#once(`${runId} ${note}`, `${id}: ${note}`)),
      ...overview.images.flatMap((image) => this.#image(image, nowMs)),
    ];
  }

  #once(key: string, line: string): string[] {
    if (this.#printed.has(key)) return [];
    this.#printed.add(key);
    return [line];
  }

  #image(image: ImageOverview, nowMs: number): string[] {
    const { image: name, runId, step, outcome } = image;
    if (outcome !== 'running')
      return this.#once(`${runId} closed`, `${name}: ${closedText(image)}`);
    const away = this.#away(image, name);
    if (step === null) return away;
    const subject = `${name}: ${step}`;
    const counts = step === 'copy' || step === 'publish';
    return [
      ...this.#once(`${runId} ${step}`, subject),
      ...away,
      ...this.#transferred(image, subject),
      ...(counts ? this.#counted(image, subject, nowMs) : []),
      ...this.#failedRegions(image, name),
      ...this.#troubles(image, name),
      ...this.#waits(image, name),
      ...this.#holds(image, name),
    ];
  }

  /** Why the progress stands still, and that a run is being cancelled. */
  #away({ runId, note, isCancelling, reason }: ImageOverview, name: string): string[] {
    return [
      ...(note === null ? [] : this.#once(`${runId} ${note}`, `${name}: ${note}`)),
      ...(isCancelling ? this.#once(`${runId} cancelling`, `${name}: ${reason ?? ''}`) : []),
    ];
  }

  #transferred({ runId, transfer }: ImageOverview, subject: string): string[] {
    if (transfer === null || transfer.totalBytes <= 0) return [];
    const { phase, bytes, totalBytes } = transfer;
    const quarter = Math.floor((bytes / totalBytes) * (100 / PERCENT_STEP)) * PERCENT_STEP;
    const text = `${subject}: ${phase} ${quarter}% of ${formatBytes(totalBytes)}`;
    return this.#once(`${runId} ${phase} ${quarter}`, text);
  }

  #counted(image: ImageOverview, subject: string, nowMs: number): string[] {
    const { done, failed, total } = countRegions(image);
    const key = `${subject} ${done} ${failed}`;
    if (total === 0 || done + failed === 0 || this.#printed.has(key)) return [];
    const before = this.#countedAtMs.get(subject) ?? -Infinity;
    if (done + failed < total && nowMs - before < COUNT_INTERVAL_MS) return [];
    this.#countedAtMs.set(subject, nowMs);
    const failures = failed === 0 ? '' : `, ${failed} failed`;
    return this.#once(key, `${subject}: ${done}/${total} regions${failures}`);
  }

  #failedRegions({ runId, regions }: ImageOverview, name: string): string[] {
    const failed = regions.filter(({ state }) => state === 'failed');
    return failed.flatMap(({ region, reason }) =>
      this.#once(`${runId} ${region}`, `${name}: ${region} failed: ${reason ?? 'unknown'}`),
    );
  }

  #troubles({ runId, troubles }: ImageOverview, name: string): string[] {
    return troubles.flatMap(({ what, attempt, reason, next }) => {
      const act = next === null ? '' : `; next: ${next}`;
      const line = `${name}: ${what}, attempt ${attempt}: ${reason}${act}`;
      return this.#once(`${runId} ${what} ${attempt}`, line);
    });
  }

  /** Those that have a limit, and what AWS shows of them; the others begin and end by the dozen. */
  #waits({ runId, waits }: ImageOverview, name: string): string[] {
    return waits.flatMap(({ what, limitSeconds, detail }) => {
      if (limitSeconds === null) return [];
      const shown = detail === null ? [] : detail.trimEnd().split('\n');
      return [
        ...this.#once(
          `${runId} ${what}`,
          `${name}: waiting for ${what}, at most ${limitSeconds} s`,
        ),
        ...shown.flatMap((line) => this.#once(`${runId} ${what} ${line}`, `${name}:   | ${line}`)),
      ];
    });
  }

  #holds(image: ImageOverview, name: string): string[] {
    const { runId, hold, regions, next } = image;
    const held = regions.filter(({ state }) => state === 'waiting-for-operator');
    // A late region is normal; its line belongs to a person who looks, not to a log.
    if (hold === null && held.length === 0) return [];
    const where =
      hold === null
        ? []
        : [
            `${hold.for === 'approval' ? 'waits for approval' : 'paused'} before the step ${hold.before}`,
          ];
    const lines = [
      ...where,
      ...held.map(({ region, reason }) => `${region} waits for you: ${reason ?? 'unknown'}`),
      ...patienceText(image),
      ...next.map(({ what, command }) => `${what}: ${command}`),
    ];
    return lines.flatMap((line) => this.#once(`${runId} ${line}`, `${name}: ${line}`));
  }
}
