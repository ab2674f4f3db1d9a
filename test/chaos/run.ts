/** One run under one schedule: set up, disturbed, closed, swept where that is due, and its evidence gathered. */

import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { WorkflowFailedError } from '@temporalio/client';
import { PUBLISH_IMAGE_WORKFLOW, TIME_SCALE_MEMO } from '../../src/contract.js';
import type { ImageProgress, ImageResult } from '../../src/model/progress/progress.js';
import type { Effect } from '../../src/simulator/index.js';
import { CloudControl } from '../support/cloud-control.js';
import { allowanceOf } from './allowance.js';
import { listing, plantCanaries } from './canaries.js';
import { judge } from './checker.js';
import { DEPLOYMENT, TIME_SCALE } from './crew.js';
import { cloudRules, Disturber, insist } from './disturber.js';
import type { Evidence, RunStatus } from './evidence.js';
import type { CallPoint } from './fault.js';
import { isDriverFault } from './fault.js';
import { readHistory } from './history.js';
import { changingCalls } from './invariants/running.js';
import { ownOf } from './invariants/leftovers.js';
import type { Lane, OwnCloud } from './lane.js';
import { settingsOf } from './scenario.js';
import type { Schedule } from './schedule.js';
import { handsOn } from './hands.js';
import type { Place } from './hands.js';
import { approveInTime } from './operator.js';
import { readSnapshots } from './snapshot-bytes.js';
import { closing, sweepWhenOld } from './sweeping.js';

export interface RunOptions {
  readonly schedule: Schedule;
  readonly seed: number;
  readonly reference: Evidence['reference'];
  /** Whether to look at what is sampled only: replay, the rest of the disks, the same image once more. */
  readonly thorough: boolean;
}

export interface Verdict {
  readonly evidence: Evidence;
  /** All that is wrong; nothing when every invariant holds. */
  readonly wrong: readonly string[];
  /** Faults of the schedule that did not come to pass. */
  readonly unreached: readonly number[];
  /** The calls that the workers made, in their order. */
  readonly calls: readonly CallPoint[];
}

/** With all faults, a dead agent's patience among them, and on a busy machine. */
const BOUND_MS = 600_000;

let runs = 0;

export async function runSchedule(lane: Lane, options: RunOptions): Promise<Verdict> {
  const { schedule, seed } = options;
  const crew = await lane.crew(schedule.scenario);
  const cloud = await lane.cloud(seed);
  try {
    await crew.muster();
    return await disturbedRun({ lane, crew, cloud }, options);
  } finally {
    lane.proxy.connect(undefined);
    await cloud.close();
  }
}

async function disturbedRun(place: Place, options: RunOptions): Promise<Verdict> {
  const { lane, crew, cloud } = place;
  const { schedule, reference, thorough } = options;
  const { simulator } = cloud;
  runs += 1;
  const workflowId = `${DEPLOYMENT}/image/${lane.composeId}/run-${runs}/x86_64`;
  const canaries = await plantCanaries(simulator, {
    regions: settingsOf(schedule.scenario).regions,
    workflowId,
  });
  const planted = (await readEffects(cloud)).length;
  const control = new CloudControl(simulator.url);
  await control.setFaults(cloudRules(schedule.faults));
  crew.messages.length = 0;
  crew.collapses.length = 0;

  const handle = (): WorkflowHandle => lane.temporal.client.workflow.getHandle(workflowId);
  const disturber = new Disturber(schedule.faults, handsOn(place, handle));
  lane.proxy.connect(simulator.url, disturber);
  const begin = performance.now();
  const runId = await start(place, workflowId);
  void approveInTime(handle());
  const status = await closing(handle(), BOUND_MS);
  const elapsedMs = Math.round(performance.now() - begin);
  if (status === 'RUNNING') await insist(() => handle().terminate('its bound is over'));
  await disturber.settled();
  // No event shows that a late worker will make no further call. Its polls are 200 ms apart: it has time for five.
  if (schedule.faults.some(({ kind }) => kind === 'zombie')) await delay(1_000);
  const listed = await listing(simulator);
  const effects = (await readEffects(cloud)).slice(planted);
  const calls = [...lane.proxy.calls()];
  const fired = await firedRules(control);
  const allowance = allowanceOf(schedule);
  const sweptRun = status === 'TERMINATED' || allowance.leaves;
  const swept = sweptRun ? await sweep(place) : undefined;
  const history = await insist(() => handle().fetchHistory());
  // Those of the second delivery are not the run's.
  const messages = [...crew.messages];
  const repeat =
    thorough && status === 'COMPLETED' ? await deliverAgain(place, workflowId) : undefined;
  const own = ownOf({ canaries }, listed);
  const evidence: Evidence = {
    schedule,
    allowance,
    deployment: DEPLOYMENT,
    workflowId,
    runId,
    status,
    ...(await outcomeOf(lane.temporal.client.workflow.getHandle(workflowId, runId), status)),
    elapsedMs,
    boundMs: BOUND_MS,
    effects,
    listing: listed,
    swept,
    canaries,
    image: lane.image,
    snapshots: await readSnapshots(
      simulator,
      own.filter(({ public: everyone }) => everyone),
      { imageBytes: lane.image.rawSizeBytes, whole: thorough },
    ),
    history: await readHistory({ history, secret: lane.secret, replay: thorough }),
    messages,
    logLeaks: [...crew.leaks],
    reference,
    repeat,
  };
  const unreached = schedule.faults.flatMap((fault, index) =>
    (isDriverFault(fault) ? disturber.reached(index) : fired.has(String(index))) ? [] : [index],
  );
  const wrong = [
    ...judge(evidence),
    ...crew.collapses.map((collapse) => `I9 progress: ${collapse}`),
    ...disturber.errors.map((error) => `the driver: ${error}`),
  ];
  return { evidence, wrong, unreached, calls };
}

async function start({ lane, crew }: Place, workflowId: string): Promise<string> {
  const { image, composeId } = lane;
  const request = { composeId, release: '43', image: { ...image, arch: 'x86_64' as const } };
  const handle = await insist(() =>
    lane.temporal.client.workflow.start(PUBLISH_IMAGE_WORKFLOW, {
      taskQueue: crew.taskQueue,
      workflowId,
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      workflowIdConflictPolicy: 'USE_EXISTING',
      memo: { [TIME_SCALE_MEMO]: TIME_SCALE },
      args: [{ request }],
    }),
  );
  return handle.firstExecutionRunId;
}

async function outcomeOf(
  handle: WorkflowHandle,
  status: RunStatus,
): Promise<Pick<Evidence, 'result' | 'failure' | 'progress'>> {
  const nothing = { result: undefined, failure: undefined, progress: undefined };
  if (status === 'COMPLETED') {
    return { ...nothing, result: (await insist(() => handle.result())) as ImageResult };
  }
  if (status !== 'FAILED') return nothing;
  try {
    await handle.result();
    return nothing;
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const cause = error.cause as (Error & { details?: unknown[] }) | undefined;
    const progress = cause?.details?.[1] as ImageProgress | undefined;
    return { ...nothing, failure: cause?.message ?? error.message, progress };
  }
}

/** As `fedimg sweep`, once everything is older than its grace period; returns what is alive then. */
async function sweep({ lane, crew, cloud }: Place): Promise<Evidence['listing']> {
  await new CloudControl(cloud.simulator.url).setFaults([]);
  lane.proxy.connect(cloud.simulator.url);
  if (!crew.isUp) await crew.start();
  await sweepWhenOld(lane.temporal.client, crew.taskQueue);
  return listing(cloud.simulator);
}

/** The same image under the same workflow id, as a second delivery of its compose's message would have it. */
async function deliverAgain(place: Place, workflowId: string): Promise<Evidence['repeat']> {
  const before = (await readEffects(place.cloud)).length;
  await new CloudControl(place.cloud.simulator.url).setFaults([]);
  place.lane.proxy.connect(place.cloud.simulator.url);
  const runId = await start(place, workflowId);
  const handle = place.lane.temporal.client.workflow.getHandle(workflowId, runId);
  // It waits for the approval, too, when it has something to add.
  void approveInTime(handle);
  const status = await closing(handle, BOUND_MS);
  const { result } = await outcomeOf(handle, status);
  return {
    outcome: result?.outcome ?? status,
    effects: (await readEffects(place.cloud)).slice(before),
  };
}

async function readEffects({ effectsFile }: OwnCloud): Promise<Effect[]> {
  const text = await readFile(effectsFile, 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Effect);
}

async function firedRules(cloud: CloudControl): Promise<ReadonlySet<string>> {
  const rules = await cloud.faults();
  return new Set(rules.filter(({ fired }) => fired > 0).map(({ id }) => id));
}

/** What an undisturbed run makes and calls; throws when it is not clean itself. */
export async function measure(
  lane: Lane,
  scenario: Schedule['scenario'],
): Promise<{ readonly reference: Evidence['reference']; readonly points: readonly CallPoint[] }> {
  const schedule = { scenario, faults: [] };
  const reference = { amis: [], changingCalls: Number.MAX_SAFE_INTEGER };
  const { evidence, wrong, calls } = await runSchedule(lane, {
    schedule,
    seed: 0,
    reference,
    thorough: true,
  });
  if (wrong.length > 0) throw new Error(`undisturbed, ${scenario} is wrong: ${wrong.join('; ')}`);
  const amis = ownOf(evidence, evidence.listing)
    .filter(({ type }) => type === 'image')
    .map(({ region, tags }) => `${region} ${tags['Name']}`);
  return { reference: { amis, changingCalls: changingCalls(evidence.effects) }, points: calls };
}
