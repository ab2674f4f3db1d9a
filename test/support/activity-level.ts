/** Single activities against the local cloud, without a Temporal server. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Info } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { Activities } from '../../src/activities/activities.js';
import type { WorkflowRuns } from '../../src/activities/attempt/context.js';
import { toFailure } from '../../src/activities/attempt/interceptor.js';
import type { Aws, AwsSettings } from '../../src/aws/region-access.js';
import { loadConfig } from '../../src/config/load.js';
import type { ComposeServer } from '../../src/local/compose-server/compose-server.js';
import { startComposeServer } from '../../src/local/compose-server/compose-server.js';
import type { SampleImage } from '../../src/local/compose-server/sample-compose.js';
import { writeSampleCompose } from '../../src/local/compose-server/sample-compose.js';
import type { ImageRequest } from '../../src/model/plan/plan.js';
import type { FaultRule, ListedResource, Simulator } from '../../src/simulator/index.js';
import { publisherAccount, startSimulator } from '../../src/simulator/index.js';
import { openActivities } from '../../src/worker/open-activities.js';
import { CloudControl } from './cloud-control.js';
import { keptImage } from './kept-images.js';
import type { PublisherOptions } from './publisher-config.js';
import { TEST_INSTALLATION } from './images.js';
import { writeConfig } from './publisher-config.js';
import { VirtualClock } from './virtual-clock.js';

export interface ActivityLevel {
  /** Of the configuration and of the test script, `test.sh`. */
  readonly directory: string;
  readonly simulator: Simulator;
  readonly server: ComposeServer;
  readonly aws: Aws;
  readonly cloud: CloudControl;
  /** Each call in an activity environment of its own; failures are those that a workflow sees. */
  readonly activities: Activities;
  /** The same, as second attempts: what an earlier one made may not be listed yet. */
  readonly again: Activities;
  /** The same, of activities that were scheduled just now. */
  readonly soonAgain: Activities;
  /** One attempt with what Temporal knows of it, such as the last heartbeat of the attempt before. */
  attempt(activity: keyof Activities, input: unknown, given?: GivenAttempt): Promise<unknown>;
  readonly image: SampleImage;
  readonly request: ImageRequest;
  resources(type?: ListedResource['type']): Promise<readonly ListedResource[]>;
  /** How many calls of an action were made so far, whatever their result. */
  calls(action: string): Promise<number>;
  readonly setFaults: (rules: readonly Partial<FaultRule>[]) => Promise<void>;
  /** What Temporal says of runs; it knows none until a test says so. */
  readonly runs: WorkflowRuns;
}

export interface GivenAttempt {
  readonly info?: Partial<Info>;
  readonly onHeartbeat?: (details: unknown) => void;
}

export interface ActivityLevelOptions extends PublisherOptions {
  readonly settings?: Partial<AwsSettings>;
  /** For a test that looks while the publisher waits; otherwise waits take no time. */
  readonly isRealTime?: boolean;
}

export async function withActivities<T>(
  options: ActivityLevelOptions,
  body: (level: ActivityLevel) => Promise<T>,
): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'fedimg-test-activities-'));
  const { ranges = true } = options;
  const server = await startComposeServer({ directory, ranges });
  const clock = options.isRealTime === true ? undefined : new VirtualClock({ jumps: true });
  const simulator = await startSimulator({
    stateDir: join(directory, 'cloud'),
    ...(clock === undefined ? {} : { clock }),
    latency: 'instant',
    settings: { ...publisherAccount, ...options.account },
    ...(options.iam === undefined ? {} : { iam: options.iam }),
    credentials: { accessKeyId: 'AKIATESTTESTTESTTEST', secretAccessKey: 'secret' },
    ...(options.minuteMs === undefined ? {} : { minuteMs: options.minuteMs }),
  });
  const closers: (() => void)[] = [];
  try {
    const file = await writeConfig({
      directory,
      options: { scale: ACTIVITY_SCALE, ...options },
      server,
      taskQueue: 'none',
    });
    const { config } = await loadConfig({ path: file, env: {}, cwd: '/' });
    const compose = await writeSampleCompose({
      directory,
      composeId: 'Fedora-Cloud-43-20251021.0',
      baseUrl: server.url,
      rawDirectory: directory,
      rawSizeBytes: 32 * 1024 * 1024,
      dataBytes: 64 * 1024,
      architectures: ['x86_64'],
      makeImage: keptImage,
    });
    const [image] = compose.images;
    if (image === undefined) throw new TypeError('a compose without an image');
    const runs: WorkflowRuns = {
      stateOf: () => Promise.resolve({ state: 'unknown' }),
      endingOf: () => Promise.resolve(undefined),
    };
    const opened = openActivities(
      { config, installation: TEST_INSTALLATION, runs, send: () => Promise.resolve() },
      {
        access: {
          endpoint: simulator.url,
          credentials: simulator.credentials,
          ...(clock === undefined ? {} : { clock }),
        },
        awsSettings: {
          // Ten looks fit into the time after which a missing resource counts as gone.
          pollIntervalMs: 50,
          commandPollIntervalMs: 50,
          visibilityMs: 500,
          // The cloud is in the same process: after a pause of seconds it still answers.
          requestTimeoutMs: 60_000,
          ...options.settings,
        },
      },
    );
    closers.push(() => opened.close());
    const { activities, aws } = opened;
    const cloud = new CloudControl(simulator.url);
    return await body({
      directory,
      simulator,
      server,
      aws,
      image,
      activities: inEnvironments(activities, { attempt: 1 }),
      again: inEnvironments(activities, { attempt: 2 }),
      attempt: (activity, input, given) =>
        attemptIn((one: never) => activities[activity](one), input, given),
      soonAgain: inEnvironments(activities, { attempt: 2, scheduledTimestampMs: Date.now() }),
      request: {
        composeId: compose.composeId,
        release: '43',
        image: { ...image, arch: 'x86_64' },
      },
      cloud,
      resources: (type) => cloud.resources(type),
      calls: (action) => cloud.countOf(action),
      setFaults: (rules) => cloud.setFaults(rules),
      runs,
    });
  } finally {
    for (const close of closers) close();
    await simulator.close();
    await server.close();
    await rm(directory, { recursive: true, force: true });
  }
}

/** No heartbeat and no lease depends on it here. */
const ACTIVITY_SCALE = 0.05;

/** The failures are what the tests look at. */
const SILENT = new DefaultLogger('ERROR');

function inEnvironments(activities: Activities, info: Partial<Info>): Activities {
  return Object.fromEntries(
    Object.entries(activities).map(([name, act]) => [
      name,
      (input: never) => attemptIn(act as AnyActivity, input, { info }),
    ]),
  ) as unknown as Activities;
}

type AnyActivity = (input: never) => Promise<unknown>;

async function attemptIn(
  activity: AnyActivity,
  input: unknown,
  { info = {}, onHeartbeat }: GivenAttempt = {},
): Promise<unknown> {
  const environment = new MockActivityEnvironment(info, { logger: SILENT });
  if (onHeartbeat !== undefined) environment.on('heartbeat', onHeartbeat);
  try {
    return await environment.run(activity as (input: unknown) => Promise<unknown>, input);
  } catch (error) {
    throw toFailure(error);
  }
}
