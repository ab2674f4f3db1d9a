/** Judges a cell by an independent look at the cloud; what an activity says of itself decides nothing alone. */

import { isDeepStrictEqual } from 'node:util';
import { createHash } from 'node:crypto';
import { copyTo, undo } from './acts.js';
import type { Outcome } from './driver.js';
import { Driver } from './driver.js';
import type { Reference } from './reference.js';
import { listed } from './reference.js';
import type { Step } from './steps.js';
import { stepOf } from './steps.js';
import { AWAY, HOME } from './cells.js';
import type { Fault } from './vocabulary.js';
import type { World } from './world.js';

export interface Trial {
  readonly world: World;
  readonly fault: Fault;
  readonly outcome: Outcome;
  readonly reference: Reference;
}

/** All that is wrong; nothing when the cell ends as the matrix says. Ends the fault, and undoes the run. */
export async function judge(trial: Trial): Promise<string[]> {
  const { world, fault } = trial;
  const wrong = [...(await untimelyPublic(trial)), ...(await wrongBytes(trial))];
  const { end } = fault.cell;
  switch (end) {
    case 'D':
      wrong.push(...(await done(trial)));
      break;
    case 'R':
      wrong.push(...(await regionFailed(trial)));
      break;
    case 'F':
      wrong.push(...expectFailure(trial), ...(await undone(world, stepOf(fault.row))));
      break;
    case 'X':
      wrong.push(...(await removed(trial)));
      break;
    case 'K':
      wrong.push(...(await kept(trial)));
      break;
    case 'A':
      wrong.push(...(await alarmed(trial)));
      break;
    case 'S':
      wrong.push(...expectFailure(trial), ...(await undone(world, stepOf(fault.row))));
      break;
  }
  return wrong;
}

async function done(trial: Trial): Promise<string[]> {
  const { world, fault, reference } = trial;
  const { state, mailbox } = world;
  const wrong = expectKind(trial, 'done');
  wrong.push(...different('the listing', await listing(world), reference.after));
  if (fault.row === 2 && !isDeepStrictEqual(anyPort(state.requests), anyPort(reference.requests))) {
    wrong.push('other images were picked than without the fault');
  }
  if (fault.row === 3 && !isDeepStrictEqual(state.plan, reference.plan)) {
    wrong.push('the plan is another one than without the fault');
  }
  // At least once each, in order of their first arrival.
  const messages = [...new Set(mailbox.map(({ key }) => key))];
  wrong.push(...different('the messages', messages, reference.messages));
  // A published region is kept; everything before that can still be undone.
  if (fault.row !== 12) wrong.push(...(await undone(world, stepOf(fault.row))));
  return wrong;
}

/** Each worker reaches the compose's server by a port of its own. */
function anyPort(value: unknown): string {
  return JSON.stringify(value).replaceAll(/127\.0\.0\.1:\d+/g, 'server');
}

/** The region is left out and removed, nothing else is touched, and a retry completes it. */
async function regionFailed(trial: Trial): Promise<string[]> {
  const { world, fault, reference } = trial;
  if (fault.row === 3) return leftOut(trial);
  const wrong = expectFailure(trial);
  await world.setFaults([]);
  const step = stepOf(fault.row);
  const driver = new Driver(world, step, await world.worker());
  const removal = await driver.act(undo(AWAY, ['copy']));
  if (removal.kind !== 'done') wrong.push(`the undo in ${AWAY} ended as ${describe(removal)}`);
  const inAway = (line: string): boolean => line.split(' ')[1] === AWAY;
  const elsewhere = reference.before.filter((line) => !inAway(line));
  const now = await listing(world);
  const left = now.filter(inAway).filter((line) => !line.includes(' public '));
  wrong.push(...left.map((line) => `left behind: ${line}`));
  wrong.push(
    ...different(
      'the other regions',
      now.filter((line) => !inAway(line)),
      elsewhere,
    ),
  );
  const retry = await driver.run(fault.row === 12 ? [copyTo(AWAY), ...step.acts] : step.acts);
  if (retry.kind !== 'done') wrong.push(`the retry ended as ${describe(retry)}`);
  wrong.push(...different('the listing after a retry', await listing(world), reference.after));
  return wrong;
}

function leftOut({ world, fault, reference, outcome }: Trial): string[] {
  const { plan } = world.state;
  const away = fault.site.region;
  if (outcome.kind !== 'done' || plan === undefined) return [`it ended as ${describe(outcome)}`];
  const there = plan.copies.find(({ regionName: region }) => region === away);
  const others = plan.copies.filter(({ regionName: region }) => region !== away);
  const expected = reference.plan?.copies.filter(({ regionName: region }) => region !== away);
  return [
    ...(there?.unusable === undefined ? [`${away} is planned though it cannot be used`] : []),
    ...(isDeepStrictEqual(others, expected) ? [] : ['another region is planned differently']),
    ...(isDeepStrictEqual(plan.home, reference.plan?.home) ? [] : ['home is planned differently']),
  ];
}

/** Rows before the last: cancelled, then removed. Row 14 removes in spite of the fault. */
async function removed(trial: Trial): Promise<string[]> {
  const { world, fault, outcome } = trial;
  if (fault.row !== 14) {
    return [...expectKind(trial, 'cancelled'), ...(await undone(world, stepOf(fault.row)))];
  }
  if (outcome.kind === 'cancelled') return undone(world, stepOf(fault.row));
  const left = (await listing(world)).map((line) => `left behind: ${line}`);
  const said = world.state.undone[HOME]?.left ?? [];
  return [...expectKind(trial, 'done'), ...left, ...said.map((line) => `said to be left: ${line}`)];
}

/** What became public before the cancel stays with its snapshot; all else goes. */
async function kept(trial: Trial): Promise<string[]> {
  const { world, fault } = trial;
  const wrong = expectKind(trial, 'cancelled');
  await undoAll(world, stepOf(fault.row));
  const now = await world.resources();
  const odd = now.filter((one) => !one.public || one.region !== AWAY);
  wrong.push(...listed(odd).map((line) => `left behind: ${line}`));
  const images = now.filter(({ type }) => type === 'image').length;
  const snapshots = now.filter(({ type }) => type === 'snapshot').length;
  if (snapshots !== Math.min(1, images)) {
    wrong.push(`${images} public AMIs stay with ${snapshots} snapshots`);
  }
  return wrong;
}

/** The undo says what it could not remove, removes the rest, and a later one ends it. */
async function alarmed(trial: Trial): Promise<string[]> {
  const { world, fault } = trial;
  const wrong = expectKind(trial, 'done');
  const left = world.state.undone[HOME]?.left ?? [];
  const alive = await world.resources();
  // A volume goes with its instance, and is not named beside it.
  for (const { id, type } of alive.filter((one) => one.type !== 'volume')) {
    const named = left.some((line) => line.startsWith(`${id}: `));
    if (!named) wrong.push(`the ${type} ${id} is left without a word`);
  }
  const stuck = fault.site.action === 'TerminateInstances' ? 'instance' : 'image';
  if (alive.some(({ type }) => type === (stuck === 'image' ? 'instance' : 'image'))) {
    wrong.push('more is left than the refused calls would have removed');
  }
  return [...wrong, ...(await undone(world, stepOf(fault.row)))];
}

/** Ends the fault, and undoes everything as a workflow that fails does: nothing may be left. */
async function undone(world: World, step: Step): Promise<string[]> {
  const wrong = await undoAll(world, step);
  return [...wrong, ...(await listing(world)).map((line) => `left behind after the undo: ${line}`)];
}

async function undoAll(world: World, step: Step): Promise<string[]> {
  await world.setFaults([]);
  const worker = await world.worker();
  const outcomes = await Promise.all(
    step.undo.map(({ region, steps }) => new Driver(world, step, worker).act(undo(region, steps))),
  );
  return outcomes
    .filter(({ kind }) => kind !== 'done')
    .map((outcome) => `the undo ended as ${describe(outcome)}`);
}

/** Nothing becomes public in any step before the gate, nor when anything is undone. */
async function untimelyPublic({ world, fault }: Trial): Promise<string[]> {
  const early = fault.row === 12 ? [] : (await world.resources()).filter((one) => one.public);
  const calls = (await world.effects()).filter(
    ({ action, result, changed }) =>
      fault.row !== 12 &&
      /^Modify(?:Image|Snapshot)Attribute$/.test(action) &&
      result === 'ok' &&
      changed !== undefined,
  );
  return [
    ...listed(early).map((line) => `public before the gate: ${line}`),
    ...calls.map(({ action, region }) => `${action} in ${region} before the gate`),
  ];
}

/** Every snapshot that the cell made has the image's bytes. */
async function wrongBytes({ world, reference, fault }: Trial): Promise<string[]> {
  const { image } = world.bench;
  const wrong: string[] = [];
  for (const { id, type, region, state } of await world.resources()) {
    if (type !== 'snapshot' || reference.snapshots.has(id)) continue;
    // One that the worker writes block by block, and that no AMI can be made of yet.
    if (fault.row === 16 && state !== 'completed') continue;
    const answer = await world.cloud.snapshotBytes(region, id, image.rawSizeBytes);
    const sha256 = await hashOf(answer, image.rawSizeBytes);
    if (sha256 !== image.rawSha256) wrong.push(`${id} in ${region} has other bytes: ${sha256}`);
  }
  return wrong;
}

async function hashOf(answer: Response, bytes: number): Promise<string> {
  const hash = createHash('sha256');
  let left = bytes;
  if (answer.body === null) return 'no body';
  for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
    hash.update(chunk.subarray(0, left));
    left -= chunk.length;
    if (left <= 0) break;
  }
  return hash.digest('hex');
}

async function listing(world: World): Promise<string[]> {
  return listed(await world.resources());
}

function expectKind({ outcome }: Trial, kind: Outcome['kind']): string[] {
  return outcome.kind === kind ? [] : [`it ended as ${describe(outcome)}, not as ${kind}`];
}

/** Final at once; only an outage is tried until the bound of time. */
function expectFailure({ outcome, fault }: Trial): string[] {
  const wanted = fault.column === 'RD' ? 'exhausted' : 'final';
  return outcome.kind === wanted ? [] : [`it ended as ${describe(outcome)}, not as ${wanted}`];
}

export function describe(outcome: Outcome): string {
  return 'failure' in outcome ? `${outcome.kind} (${outcome.failure.message})` : outcome.kind;
}

function different(what: string, got: readonly string[], wanted: readonly string[]): string[] {
  const extra = surplus(got, wanted).map((line) => `${what} has too much: ${line}`);
  const missing = surplus(wanted, got).map((line) => `${what} lacks: ${line}`);
  const sorted = extra.length + missing.length === 0 && !isDeepStrictEqual(got, wanted);
  return [...extra, ...missing, ...(sorted ? [`${what} is in another order`] : [])];
}

/** What the first has more of than the second; a line may be there several times. */
function surplus(some: readonly string[], others: readonly string[]): string[] {
  const left = [...others];
  return some.filter((line) => {
    const at = left.indexOf(line);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}
