/** One cell's cloud, and the workers that act on it; nothing of it is shared with another cell. */

import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { TEST_INSTALLATION } from '../support/images.js';
import { AttemptInterceptor } from '../../src/activities/attempt/interceptor.js';
import { scaledAwsSettings } from '../../src/aws/region-access.js';
import type {
  Effect,
  FaultRule,
  FaultStatus,
  ListedResource,
  Simulator,
} from '../../src/simulator/index.js';
import { publisherAccount, startSimulator } from '../../src/simulator/index.js';
import { createUrlPolicy } from '../../src/fetch/url-policy.js';
import { openActivities } from '../../src/worker/open-activities.js';
import { CloudControl } from '../support/cloud-control.js';
import { VirtualClock } from '../support/virtual-clock.js';
import type { Act } from './acts.js';
import type { Bench } from './bench.js';
import { BrokerLink } from './broker.js';
import type { Mailbox } from './broker.js';
import { openGate } from './gate.js';
import type { RunState } from './state.js';
import type { TrapSet } from './traps.js';

export const CREDENTIALS = { accessKeyId: 'AKIATESTTESTTESTTEST', secretAccessKey: 'secret' };

/** All but the time-out of a request go by the virtual clock. */
const SETTINGS = scaledAwsSettings(0.02, {
  ...{ pollIntervalMs: 100, commandPollIntervalMs: 100, followSeconds: 1 },
  visibilityMs: 800,
  // A guest that boots on a busy machine must not count as one with a dead agent.
  agentPatienceMs: 20_000,
  requestTimeoutMs: 3_000,
});

export interface Attempt {
  readonly result: Promise<unknown>;
  readonly cancel: () => void;
}

/** Which attempt of an activity, as Temporal tells it. */
export interface Turn {
  /** From 1. */
  readonly number: number;
  /** When the first attempt was scheduled, in ms since 1970. */
  readonly scheduledMs: number;
}

/** A worker process: its own clients, pollers and ways into the world. */
export interface MatrixWorker {
  /** Where its calls are noted and caught: to AWS, to the compose's server, to the broker. */
  readonly traps: { readonly aws: TrapSet; readonly source: TrapSet; readonly broker: TrapSet };
  attempt(act: Act, turn: Turn): Attempt;
  /** As kill -9: nothing of it reaches anything any more. */
  kill(): void;
}

export interface World {
  readonly bench: Bench;
  readonly folder: string;
  readonly simulator: Simulator;
  readonly cloud: CloudControl;
  readonly clock: VirtualClock;
  readonly state: RunState;
  readonly mailbox: Mailbox;
  worker(): Promise<MatrixWorker>;
  setFaults(rules: readonly Partial<FaultRule>[]): Promise<void>;
  faults(): Promise<readonly FaultStatus[]>;
  resources(): Promise<readonly ListedResource[]>;
  /** What this cell did to its cloud so far. */
  effects(): Promise<readonly Effect[]>;
  close(options?: { readonly keepFolder: boolean }): Promise<void>;
}

/** The failures are what the tests look at. */
const SILENT = new DefaultLogger('ERROR');

export async function openWorld(
  bench: Bench,
  start: { readonly folder: string; readonly state: RunState; readonly seed: number },
): Promise<World> {
  const { folder, state, seed } = start;
  const closers: (() => Promise<void>)[] = [];
  const mailbox: Mailbox = [];
  const log = join(folder, 'effects.jsonl');
  const before = (await readText(log)).length;
  const clock = new VirtualClock({ jumps: true });
  const simulator = await startSimulator({
    stateDir: folder,
    latency: 'instant',
    clock,
    seed,
    settings: publisherAccount,
    credentials: CREDENTIALS,
  });
  const cloud = new CloudControl(simulator.url);
  const world: World = {
    bench,
    folder,
    simulator,
    cloud,
    clock,
    state,
    mailbox,
    worker: async () => {
      const { worker, close } = await openWorker(world);
      closers.push(close);
      return worker;
    },
    setFaults: (rules) => cloud.setFaults(rules),
    faults: () => cloud.faults(),
    resources: () => cloud.resources(),
    effects: async () =>
      (await readText(log))
        .slice(before)
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Effect),
    close: async (options) => {
      await Promise.all(closers.map((close) => close()));
      await simulator.close();
      if (options?.keepFolder !== true) await rm(folder, { recursive: true, force: true });
    },
  };
  return world;
}

async function openWorker(
  world: World,
): Promise<{ worker: MatrixWorker; close: () => Promise<void> }> {
  const { bench, simulator, state, mailbox } = world;
  const gate = await openGate(simulator.url);
  const source = await openGate(bench.server.url);
  const broker = new BrokerLink(mailbox);
  const allow = [`${bench.server.url}/`, `${source.url}/`];
  const opened = openActivities(
    {
      config: bench.config,
      installation: TEST_INSTALLATION,
      runs: {
        stateOf: () => Promise.resolve({ state: 'unknown' }),
        endingOf: () => Promise.resolve(undefined),
      },
      send: (announcement) => broker.send(announcement),
    },
    {
      access: { endpoint: gate.url, credentials: CREDENTIALS, clock: world.clock },
      awsSettings: SETTINGS,
      urlPolicy: createUrlPolicy({ allow }),
    },
  );
  const { composeId, request } = bench;
  const around = { composeId, request, sourceUrl: source.url };
  const worker: MatrixWorker = {
    traps: { aws: gate.traps, source: source.traps, broker: broker.traps },
    attempt: (act, { number, scheduledMs }) => {
      const environment = new MockActivityEnvironment(
        {
          attempt: number,
          activityType: act.activity,
          scheduledTimestampMs: scheduledMs,
        },
        {
          logger: SILENT,
          interceptors: [(context) => ({ inbound: new AttemptInterceptor(context, { scale: 1 }) })],
        },
      );
      const activity = (input: unknown): Promise<unknown> =>
        (opened.activities[act.activity] as (input: unknown) => Promise<unknown>)(input);
      const result = environment.run(activity, act.input(state, around));
      return { result, cancel: () => environment.cancel() };
    },
    kill: () => {
      gate.kill();
      source.kill();
      broker.kill();
    },
  };
  const close = async (): Promise<void> => {
    opened.close();
    await Promise.all([gate.close(), source.close()]);
  };
  return { worker, close };
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
