/** A seeded schedule: which scenario, and 1 to 6 faults at call points that an undisturbed run has shown. */

import type { Random } from '../../src/simulator/random.js';
import { createRandom } from '../../src/simulator/random.js';
import type { CallPoint, Fault } from './fault.js';
import { faultText, isRead, parseFault } from './fault.js';
import type { Scenario } from './scenario.js';
import { SCENARIOS } from './scenario.js';

export interface Schedule {
  readonly scenario: Scenario;
  readonly faults: readonly Fault[];
}

export function scheduleText({ scenario, faults }: Schedule): string {
  return [scenario, ...faults.map(faultText)].join(' ');
}

/** Throws a `TypeError` that says what is wrong. */
export function parseSchedule(text: string): Schedule {
  const [word, ...faults] = text.trim().split(/\s+/);
  const known = Object.keys(SCENARIOS) as Scenario[];
  const scenario = known.find((one) => one === word);
  if (scenario === undefined) {
    throw new TypeError(`"${word}" is not a scenario; a schedule begins with ${known.join(', ')}`);
  }
  return { scenario, faults: faults.map(parseFault) };
}

/** Measured call points of each scenario that is drawn from. */
export type Points = Readonly<Partial<Record<Scenario, readonly CallPoint[]>>>;

/** The same seed, number and points give the same schedule. */
export function drawSchedule(draw: {
  readonly seed: number;
  readonly run: number;
  readonly points: Points;
}): Schedule {
  const random = createRandom(draw.seed, draw.run);
  const scenario = drawScenario(random);
  const points = draw.points[scenario] ?? [];
  if (points.length === 0) throw new TypeError(`no call points of ${scenario} were measured`);
  const faults: Fault[] = [];
  // Skewed to few: a run with six faults says little about which of them it was.
  const wanted = 1 + Math.floor(random.next() ** 1.5 * 6);
  while (faults.length < wanted) {
    const fault = drawFault(random, points);
    // Two ends of one run are one too many, and one server restart is enough for its time.
    const once = [
      'cancel',
      'terminate',
      'temporal',
      'zombie',
      'agent-death',
      'unknown-key',
      'sweep',
    ];
    const both = (kind: string) => SAME_ONCE[kind] ?? kind;
    const twice = faults.some(({ kind }) => both(kind) === both(fault.kind));
    if (!(twice && once.includes(fault.kind))) faults.push(fault);
  }
  return { scenario, faults };
}

/** Out of 100 runs. */
const SHARES: readonly (readonly [Scenario, number])[] = [
  ['pass', 30],
  ['held', 25],
  ['test-fails', 12],
  ['direct', 14],
  ['early', 13],
  ['early-fails', 6],
];

function drawScenario(random: Random): Scenario {
  let left = random.next() * 100;
  const [scenario] = SHARES.find(([, share]) => (left -= share) < 0) ?? ['pass'];
  return scenario;
}

/** One of both is enough for one run. */
const SAME_ONCE: Readonly<Record<string, string>> = {
  terminate: 'cancel',
  'expired-session': 'unknown-key',
  'sweep-elsewhere': 'sweep',
};

type Maker = (random: Random) => Omit<Fault, 'at'>;

interface Choice {
  readonly weight: number;
  readonly applies: (action: string) => boolean;
  readonly make: Maker;
}

const anywhere = (): boolean => true;
const changes = (action: string): boolean => !isRead(action);
const makes = (action: string): boolean =>
  /^(?:RunInstances|CreateSnapshot|StartSnapshot|CopySnapshot|RegisterImage)$/.test(action);
const countedInQuotas = (action: string): boolean =>
  makes(action) || action === 'ModifyImageAttribute';
const alters = (action: string): boolean =>
  changes(action) && !makes(action) && action !== 'SendCommand';
const images = (action: string): boolean =>
  /^(?:CreateSnapshot|StartSnapshot|CopySnapshot|RegisterImage)$/.test(action);
const guests = (action: string): boolean => /^(?:RunInstances|SendCommand)$/.test(action);
const launches = (action: string): boolean => action === 'RunInstances';

const plain =
  (kind: Fault['kind']): Maker =>
  () => ({ kind });
const lasting =
  (kind: Fault['kind'], fromMs: number, toMs: number): Maker =>
  (random) => ({ kind, forMs: Math.round(random.between(fromMs, toMs) / 100) * 100 });
const repeated =
  (kind: Fault['kind'], most: number): Maker =>
  (random) => ({ kind, count: 1 + Math.floor(random.next() * most) });

const CHOICES: readonly Choice[] = [
  { weight: 8, applies: changes, make: plain('kill-before') },
  { weight: 8, applies: changes, make: plain('kill-effect') },
  { weight: 6, applies: changes, make: plain('kill-answer') },
  { weight: 3, applies: anywhere, make: plain('stop') },
  { weight: 4, applies: anywhere, make: plain('hang') },
  { weight: 4, applies: anywhere, make: plain('reset-before') },
  { weight: 5, applies: changes, make: plain('reset-after') },
  { weight: 4, applies: changes, make: plain('zombie') },
  { weight: 3, applies: anywhere, make: lasting('temporal', 0, 3_000) },
  { weight: 4, applies: anywhere, make: lasting('region-dead', 500, 6_000) },
  { weight: 6, applies: anywhere, make: plain('cancel') },
  { weight: 4, applies: anywhere, make: plain('terminate') },
  { weight: 8, applies: anywhere, make: repeated('throttle', 4) },
  { weight: 8, applies: anywhere, make: repeated('error', 4) },
  { weight: 5, applies: anywhere, make: repeated('lost-request', 2) },
  { weight: 8, applies: changes, make: repeated('lost-answer', 2) },
  { weight: 6, applies: makes, make: lasting('not-found', 300, 2_500) },
  { weight: 4, applies: makes, make: lasting('stale-list', 300, 2_500) },
  { weight: 4, applies: makes, make: lasting('stale-tags', 300, 2_500) },
  { weight: 6, applies: alters, make: lasting('stale-read', 300, 2_500) },
  { weight: 3, applies: launches, make: plain('capacity') },
  { weight: 3, applies: countedInQuotas, make: plain('quota') },
  { weight: 3, applies: anywhere, make: plain('refusal') },
  { weight: 4, applies: anywhere, make: lasting('slow', 200, 2_500) },
  { weight: 1, applies: guests, make: plain('agent-death') },
  { weight: 4, applies: guests, make: plain('instance-loss') },
  { weight: 3, applies: images, make: plain('fails-later') },
  { weight: 5, applies: makes, make: lasting('stuck', 300, 3_000) },
  { weight: 2, applies: anywhere, make: lasting('unknown-key', 2_000, 40_000) },
  { weight: 2, applies: anywhere, make: lasting('expired-session', 2_000, 40_000) },
  { weight: 3, applies: anywhere, make: plain('sweep') },
  { weight: 3, applies: anywhere, make: plain('sweep-elsewhere') },
  { weight: 4, applies: anywhere, make: plain('retry') },
  { weight: 3, applies: anywhere, make: plain('skip') },
  { weight: 3, applies: anywhere, make: lasting('pause', 300, 5_000) },
  { weight: 1, applies: anywhere, make: plain('approve') },
];

function drawFault(random: Random, points: readonly CallPoint[]): Fault {
  const total = CHOICES.reduce((sum, { weight }) => sum + weight, 0);
  for (;;) {
    let left = random.next() * total;
    const choice = CHOICES.find(({ weight }) => (left -= weight) < 0);
    const able = points.filter(({ action }) => choice?.applies(action));
    const at = able[Math.floor(random.next() * able.length)];
    if (choice !== undefined && at !== undefined) return { ...choice.make(random), at };
  }
}
