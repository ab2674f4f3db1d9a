/** What lists of runs show of an image: its phase, its outcome, and whether a person should look at it. */

import type { Hold } from '../../model/progress/progress.js';
import { attentionAttribute, outcomeAttribute, phaseAttribute } from '../../contract.js';
import type { ImageOverview } from '../../model/status/overview.js';
import { UsableAttributes } from '../usable-attributes.js';

/** Writes only what has changed: each write is an event in the history. */
export class ListAttributes {
  readonly #usable = new UsableAttributes();
  #phase: string | undefined;
  #attention: string | null = null;
  #outcome: string | null = null;
  /** What an operator's act showed before the attributes were known. */
  #early: (() => void) | undefined;

  /** To be awaited before the first step. */
  async begin(): Promise<void> {
    await this.#usable.read();
    this.#early?.();
  }

  /** Undefined keeps the phase. */
  show(phase: string | undefined, overview: ImageOverview): void {
    if (!this.#usable.isRead) {
      this.#early = () => this.show(phase, overview);
      return;
    }
    const { outcome, attention } = overview;
    const isClosed = outcome !== 'running';
    const isNewPhase = phase !== undefined && phase !== this.#phase;
    const isNewAttention = attention !== this.#attention;
    const isNewOutcome = isClosed && outcome !== this.#outcome;
    if (!isNewPhase && !isNewAttention && !isNewOutcome) return;
    if (isNewPhase) this.#phase = phase;
    this.#attention = attention;
    this.#outcome = isClosed ? outcome : null;
    this.#usable.upsert([
      ...(isNewPhase ? [{ key: phaseAttribute, value: phase }] : []),
      ...(isNewAttention ? [{ key: attentionAttribute, value: attention }] : []),
      ...(isNewOutcome ? [{ key: outcomeAttribute, value: outcome }] : []),
    ]);
  }
}

export function phaseOfHold(hold: Hold): string {
  return hold.for === 'approval' ? 'waiting-for-approval' : 'paused';
}
