/** What lists of runs show of an image: its phase, its outcome, and whether a person should look at it. */

import type { Hold } from '../../model/progress/operator.js';
import { upsertSearchAttributes } from '@temporalio/workflow';
import { attentionAttribute, outcomeAttribute, phaseAttribute } from '../../contract.js';
import type { ImageOverview } from '../../model/status/overview.js';

/** Writes only what has changed: each write is an event in the history. */
export class ListAttributes {
  #phase: string | undefined;
  #attention: string | null = null;
  #outcome: string | null = null;

  /** Undefined keeps the phase. */
  show(phase: string | undefined, { outcome, attention }: ImageOverview): void {
    const isClosed = outcome !== 'running';
    const isNewPhase = phase !== undefined && phase !== this.#phase;
    const isNewAttention = attention !== this.#attention;
    const isNewOutcome = isClosed && outcome !== this.#outcome;
    if (!isNewPhase && !isNewAttention && !isNewOutcome) return;
    if (isNewPhase) this.#phase = phase;
    this.#attention = attention;
    this.#outcome = isClosed ? outcome : null;
    upsertSearchAttributes([
      ...(isNewPhase ? [{ key: phaseAttribute, value: phase }] : []),
      ...(isNewAttention ? [{ key: attentionAttribute, value: attention }] : []),
      ...(isNewOutcome ? [{ key: outcomeAttribute, value: outcome }] : []),
    ]);
  }
}

export function phaseOfHold(hold: Hold): string {
  return hold.for === 'approval' ? 'waiting-for-approval' : 'paused';
}
