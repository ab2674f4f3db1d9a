/** When each region of a run began and ended, and what the plan has for it. */

import type { RegionPlan } from '../../model/plan/plan.js';
import type { PlannedAmi, RegionProgress, RegionState } from '../../model/progress/progress.js';

type Times = Pick<RegionProgress, 'since' | 'startedAt' | 'endedAt'>;

const ENDS: readonly RegionState[] = ['published', 'private', 'failed', 'left-out'];

export class RegionTimes {
  readonly #times = new Map<string, Times>();

  /** To be called before the new state is kept. */
  note(before: RegionProgress, after: RegionState): void {
    const known = this.#times.get(before.region);
    if (known !== undefined && before.state === after) return;
    const since = new Date().toISOString();
    const startedAt = known?.startedAt ?? (after === 'waiting' ? undefined : since);
    this.#times.set(before.region, {
      since,
      ...(startedAt === undefined ? {} : { startedAt }),
      ...(ENDS.includes(after) ? { endedAt: since } : {}),
    });
  }

  /** The region's state with its times and its plan. */
  complete(state: RegionProgress, plan: RegionPlan | undefined): RegionProgress {
    return {
      ...state,
      ...this.#times.get(state.region),
      ...(plan === undefined ? {} : { required: plan.required, planned: plannedAmis(plan) }),
    };
  }
}

/** The wanted AMIs, and with its reason each that EC2 cannot have in the region. */
export function plannedAmis({ wanted, leftOut }: RegionPlan): PlannedAmi[] {
  return [
    ...wanted.map(({ variant, name }) => ({ variant, name })),
    ...leftOut.map(({ variant, name, reason }) => ({ variant, name, reason })),
  ];
}
