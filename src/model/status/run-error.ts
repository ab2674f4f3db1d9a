/** The failure of a publication as programs read it: one form for every way in which it did not go well. */

import type { NextAct, Overview } from './overview.js';

export interface RunError {
  /** `EC2TestException` and the like, or the outcome. */
  readonly type: string;
  readonly message: string;
  readonly step: string | null;
  readonly region: string | null;
  readonly reason: string;
  /** The operator's next act: words, or a command line. */
  readonly next: string;
}

/** Null when all is published, and while all goes well. */
export function runErrorOf(overview: Overview): RunError | null {
  const { outcome, failure, reason, attention, id } = overview;
  if (outcome === 'published' || outcome === 'already-published' || outcome === 'ended')
    return null;
  if (outcome === 'running' && attention === null) return null;
  const image = overview.kind === 'image' ? overview : mostUrgent(overview);
  const own = failure ?? image?.failure ?? null;
  const failed = image?.regions.find(
    ({ state }) => state === 'failed' || state === 'waiting-for-operator',
  );
  const trouble = outcome === 'running' ? image?.troubles[0] : undefined;
  const why = own?.message ?? reason ?? outcome;
  return {
    type: own?.type ?? trouble?.type ?? attention ?? outcome,
    message: why,
    step: image?.step ?? null,
    region: own?.region ?? failed?.region ?? trouble?.region ?? null,
    reason: reason ?? why,
    next: own?.next ?? commandOf(overview.next) ?? trouble?.next ?? `fedimg status ${id}`,
  };
}

function mostUrgent(
  overview: Extract<Overview, { kind: 'compose' }>,
): Extract<Overview, { kind: 'image' }> | undefined {
  return (
    overview.images.find(({ attention }) => attention === overview.attention) ?? overview.images[0]
  );
}

function commandOf([first]: readonly NextAct[]): string | undefined {
  return first?.command;
}
