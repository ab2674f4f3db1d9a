/** What a person can do about an image now, each with its whole command; the most useful first. */

import type { ComposeMessage } from '../compose/compose-message.js';
import type { Hold } from '../progress/progress.js';
import type { ImageRequest } from '../plan/plan.js';
import {
  approveCommand,
  isByHand,
  publishAgain,
  regionsCommand,
  resumeCommand,
  signalCommand,
} from './commands.js';
import type { FailureReport } from './failure-report.js';
import type { NextAct, Outcome, Patience, RegionOverview } from './overview.js';

export interface ActFacts {
  readonly kind: 'image';
  readonly workflowId: string;
  readonly outcome: Outcome;
  readonly isCancelling: boolean;
  readonly hold: Hold | null;
  readonly regions: readonly RegionOverview[];
  readonly patience: Patience | null;
  readonly request: ImageRequest | null;
  readonly failure: FailureReport | null;
  readonly compose: string | null;
}

export function imageActs(image: ActFacts): NextAct[] {
  const { outcome, isCancelling } = image;
  if (outcome === 'running') return isCancelling ? [] : runningActs(image);
  if (outcome === 'terminated') return [sweepAct(), ...againActs(image)];
  if (outcome === 'failed' || outcome === 'cancelled') return againActs(image);
  return completingActs(image);
}

function runningActs(image: ActFacts): NextAct[] {
  const { hold, regions, patience } = image;
  const held = namesIn(regions, 'waiting-for-operator');
  // While most regions still copy, a person has no reason to leave them all out.
  const isWorth = patience !== null && patience.late.length <= patience.waiting;
  const late = isWorth ? patience.late : [];
  const required = new Set(regions.filter((one) => one.required).map(({ region }) => region));
  const skippable = (names: readonly string[]) => names.filter((name) => !required.has(name));
  return [
    ...holdActs(image, hold),
    ...regionActs(image, 'retry', held, 'try again'),
    ...regionActs(image, 'skip', skippable(held), 'leave out'),
    ...regionActs(image, 'skip', skippable(late), 'publish the others now, without'),
  ];
}

function holdActs(image: ActFacts, hold: Hold | null): NextAct[] {
  if (hold === null) return [];
  return hold.for === 'approval'
    ? [act('approve', `let the step ${hold.before} begin`, approveCommand(image))]
    : [act('resume', 'go on', resumeCommand(image))];
}

function completingActs(image: ActFacts): NextAct[] {
  if (image.outcome !== 'partly-published') return [];
  const missing = [...namesIn(image.regions, 'failed'), ...namesIn(image.regions, 'left-out')];
  return regionActs(image, 'retry', missing, 'complete');
}

function regionActs(
  image: ActFacts,
  name: 'retry' | 'skip',
  regions: readonly string[],
  what: string,
): NextAct[] {
  if (regions.length === 0) return [];
  const command = regionsCommand(name, image, regions);
  return [act(name, `${what} ${regions.join(', ')}`, command, regions)];
}

/** An image of a compose is published again with its compose; the compose's own act has the command. */
function againActs({ request, compose, failure, ...image }: ActFacts): NextAct[] {
  if (!isByHand(image)) {
    if (compose === null) return [];
    return [
      act('publish-again', 'show how the compose is published again', `fedimg status ${compose}`),
    ];
  }
  if (request === null) return [];
  const { what, command } = publishAgain(request, failure);
  return [act('publish-again', what, command)];
}

export function signalActs(message: ComposeMessage | null): NextAct[] {
  return message === null ? [] : [act('publish-again', 'publish again', signalCommand(message))];
}

/** A terminated run has not undone its work. */
export function sweepAct(): NextAct {
  return act(
    'sweep',
    'list what the run left, and then remove it',
    'fedimg sweep --dry-run --verbose',
  );
}

export function workerAct(): NextAct {
  return act('worker', 'start a worker with this configuration', 'fedimg worker');
}

function act(
  name: NextAct['act'],
  what: string,
  command: string,
  regions: readonly string[] = [],
): NextAct {
  return { act: name, what, command, regions };
}

function namesIn(regions: readonly RegionOverview[], state: RegionOverview['state']): string[] {
  return regions.filter((one) => one.state === state).map(({ region }) => region);
}
