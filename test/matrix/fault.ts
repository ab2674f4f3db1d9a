/** How each fault of the matrix is made at a call site: by the cloud, on the network, or underneath. */

import type { FaultRule } from '../../src/simulator/index.js';
import { createRandom } from '../../src/simulator/random.js';
import type { CallSite, SitePattern } from './call-site.js';
import { isRead, ruleAt } from './call-site.js';
import type { Disturbance, OnCaught } from './driver.js';
import { removeUnderneath } from './removal.js';
import type { Trap, TrapOptions, TrapSet } from './traps.js';
import type { Column, Fault } from './vocabulary.js';
import type { MatrixWorker, World } from './world.js';

export interface ArmedFault {
  readonly disturbance?: Disturbance;
  /** The outage lasts longer than anybody tries. */
  readonly outlasts: boolean;
  /** How many calls each fault has really hit so far. */
  fired(): Promise<readonly number[]>;
}

/** Codes of what is not found yet (EC2 and SSM API references, error codes). */
const NOT_FOUND: Readonly<Record<string, string>> = {
  TerminateInstances: 'InvalidInstanceID.NotFound',
  DetachVolume: 'InvalidVolume.NotFound',
  DeleteVolume: 'InvalidVolume.NotFound',
  ModifySnapshotAttribute: 'InvalidSnapshot.NotFound',
  DescribeSnapshotAttribute: 'InvalidSnapshot.NotFound',
  DeleteSnapshot: 'InvalidSnapshot.NotFound',
  ModifyImageAttribute: 'InvalidAMIID.NotFound',
  DeregisterImage: 'InvalidAMIID.NotFound',
  SendCommand: 'InvalidInstanceId',
  GetCommandInvocation: 'InvocationDoesNotExist',
};

const MAKES = /^(?:RunInstances|CreateSnapshot|StartSnapshot|CopySnapshot|RegisterImage)$/;

/** Whether the column can be had at this call at all. */
export function isApplicable(column: Column, site: CallSite): boolean {
  if (column !== 'EC') return true;
  return site.action === 'GET' || MAKES.test(site.action) || site.action in NOT_FOUND;
}

/** Lays the faults; each hits the first attempt that comes by. At most one of them may disturb an attempt. */
export async function armFaults(
  world: World,
  worker: MatrixWorker,
  faults: readonly Fault[],
): Promise<ArmedFault> {
  const plans = faults.map((fault) => planFault(worker, fault));
  const rules = plans.flatMap(({ rule }, index) =>
    rule === undefined ? [] : [{ ...rule, id: `fault-${index}` }],
  );
  if (rules.length > 0) await world.setFaults(rules);
  const disturbance = plans.find((plan) => plan.disturbance !== undefined)?.disturbance;
  return {
    outlasts: faults.some(({ column }) => column === 'RD'),
    fired: async () => {
      const hit = new Map((await world.faults()).map(({ id, fired }) => [id, fired]));
      return plans.map(({ trap }, index) => trap?.caught() ?? hit.get(`fault-${index}`) ?? 0);
    },
    ...(disturbance === undefined ? {} : { disturbance }),
  };
}

/** A fault is either a rule of the cloud or a trap on the worker's way there. */
interface FaultPlan {
  readonly rule?: Partial<FaultRule>;
  readonly trap?: Trap;
  readonly disturbance?: Disturbance;
}

function planFault(worker: MatrixWorker, fault: Fault): FaultPlan {
  const { column, site } = fault;
  const random = createRandom(fault.seed, 1);
  const draw = <T>(choices: readonly T[]): T =>
    choices[Math.floor(random.next() * choices.length)] as T;
  const caughtBy = (kind: TrapOptions['kind'], onCaught?: OnCaught): FaultPlan => {
    const at = { kind, at: site, occurrence: site.occurrence, count: 1 };
    const trap = trapsAt(worker, site).set(at);
    return { trap, ...(onCaught === undefined ? {} : { disturbance: { trap, onCaught } }) };
  };
  switch (column) {
    case 'TO':
      // The broker's answers have no time-out of their own: the attempt's is what ends it.
      return caughtBy('hold-after', site.action === 'send' ? 'kill' : undefined);
    case 'K0':
      return caughtBy('hold-before', 'kill');
    case 'K1':
      return caughtBy('hold-after', 'kill');
    case 'ZO':
      return caughtBy('hold-before', 'rival');
    case 'CN':
      return caughtBy(draw(['hold-before', 'hold-after']), 'cancel');
    case 'IT':
      return caughtBy('hold-before', (caught) => removeUnderneath(caught, fault));
    default:
      if (site.action === 'GET' || site.action === 'send') return onNetwork(worker, fault, draw);
      return { rule: ruleOf(fault, draw) };
  }
}

function trapsAt({ traps }: MatrixWorker, { action }: SitePattern): TrapSet {
  if (action === 'GET') return traps.source;
  return action === 'send' ? traps.broker : traps.aws;
}

/** Neither the compose's server nor the broker has fault rules: their answers are changed on the way. */
function onNetwork(
  worker: MatrixWorker,
  { column, site }: Fault,
  draw: <T>(choices: readonly T[]) => T,
): FaultPlan {
  const status: Partial<Record<Column, number>> = {
    ...{ TH: 429, DN: 403, EC: 404 },
    '5X': draw([500, 502, 503]),
  };
  const answered = status[column];
  const trap = trapsAt(worker, site).set({
    kind: column === 'LR' ? 'cut-after' : answered === undefined ? 'cut-before' : 'answer',
    at: site,
    occurrence: site.occurrence,
    count: column === 'DN' || column === 'EC' ? Number.MAX_SAFE_INTEGER : draw([1, 2]),
    ...(answered === undefined ? {} : { status: answered }),
  });
  return { trap };
}

function ruleOf(
  { column, site, cell }: Fault,
  draw: <T>(choices: readonly T[]) => T,
): Partial<FaultRule> {
  const at = ruleAt(site);
  // Once is what the SDK's own retry mends; three times reach the activity.
  const count = draw([1, 3]);
  switch (column) {
    case 'LR':
      return { ...at, kind: 'lost-answer', count };
    case 'TH':
      return { ...at, kind: 'throttle', count };
    case '5X':
      return { ...at, kind: draw(['error', 'lost-request'] as const), count };
    case 'EC': {
      if (cell.rule !== undefined) return { ...at, count: 1, status: 400, ...cell.rule };
      if (MAKES.test(site.action))
        return { ...at, kind: 'not-found', forMs: draw([150, 250, 350]) };
      const code = NOT_FOUND[site.action] ?? 'InvalidID.NotFound';
      return { ...at, kind: 'refusal', code, status: 400, count: 1 };
    }
    case 'CP':
      return { ...at, ...cell.rule };
    case 'DN':
      return { ...at, occurrence: 1, kind: 'refusal', count: 0 };
    case 'SA':
      return { ...at, kind: 'agent-death' };
    case 'RD': {
      const { region } = site;
      return { action: '*', region, kind: 'error', code: 'Unavailable', status: 503, count: 0 };
    }
    default:
      throw new TypeError(`${column} is not a fault that the cloud makes`);
  }
}

/**
 * Calls that change something are told apart one by one; of listings only the first is sure to come, and of
 * commands on an instance the one that starts a unit and the first that follows it.
 */
export function isSteady(site: CallSite): boolean {
  if (site.action === 'SendCommand') return site.occurrence <= 2;
  // All blocks are alike.
  if (site.action === 'PutSnapshotBlock') return site.occurrence <= 2;
  return !isRead(site) || site.occurrence === 1;
}
