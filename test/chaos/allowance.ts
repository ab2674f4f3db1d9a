/** How a run may end, decided from its schedule before it begins (end states of the fault matrix). */

import type { Fault } from './fault.js';
import { HOME, settingsOf } from './scenario.js';
import type { Schedule } from './schedule.js';

export interface Allowance {
  /** D: all regions published, as without a fault. */
  readonly published: boolean;
  /** R: these regions may be left out, each with a reason. */
  readonly missing: ReadonlySet<string>;
  /** F. */
  readonly failed: boolean;
  /** The paravirtual AMIs may be left out, with the reason: AWS may refuse what their test needs. */
  readonly untested: boolean;
  /** X or K. */
  readonly cancelled: boolean;
  /** S. */
  readonly terminated: boolean;
  /** AWS said no to a removal: the run may leave something, which the sweep then removes. */
  readonly leaves: boolean;
}

const REMOVALS =
  /^(?:TerminateInstances|DeleteVolume|DeregisterImage|DeleteSnapshot|DetachVolume)$/;
const LOSSES = ['agent-death', 'instance-loss'];

export function allowanceOf({ scenario, faults }: Schedule): Allowance {
  const has = (kind: Fault['kind']) => faults.some((fault) => fault.kind === kind);
  const final = faults.filter(isFinal);
  const atHome = final.filter(({ at }) => at.region === HOME);
  // One lost machine is replaced; the second in a row is the image's or the account's doing.
  const losses = faults.filter(({ kind }) => LOSSES.includes(kind)).length;
  const skipped = faults.filter(({ kind }) => kind === 'skip');
  const { testPasses: passes } = settingsOf(scenario);
  return {
    published: passes,
    missing: new Set(
      passes ? [...final, ...skipped].map(({ at }) => at.region).filter((one) => one !== HOME) : [],
    ),
    untested: passes && (atHome.length > 0 || losses > 1),
    failed: !passes || atHome.length > 0 || losses > 1,
    cancelled: has('cancel'),
    terminated: has('terminate'),
    leaves: faults.some(({ kind, at }) => kind === 'refusal' && REMOVALS.test(at.action)),
  };
}

/** Whether EC2's answer says that trying again is pointless; everything else passes and must be waited out. */
function isFinal({ kind }: Fault): boolean {
  return kind === 'refusal' || kind === 'quota' || kind === 'fails-later';
}
