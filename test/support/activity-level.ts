/** Single activities against the local cloud, without a Temporal server. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Info } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { Activities } from '../../src/activities/activities.js';
import type { WorkflowRuns } from '../../src/activities/attempt/context.js';
import { createActivities } from '../../src/activities/index.js';
import { toFailure } from '../../src/activities/attempt/interceptor.js';
import type { AwsSettings } from '../../src/aws/region-access.js';
import { Aws, scaledAwsSettings } from '../../src/aws/region-access.js';
import { loadConfig } from '../../src/config/load.js';
import type { ComposeServer } from '../../src/local/compose-server/compose-server.js';
import { startComposeServer } from '../../src/local/compose-server/compose-server.js';
import type { SampleImage } from '../../src/local/compose-server/sample-compose.js';
import { writeSampleCompose } from '../../src/local/compose-server/sample-compose.js';
import type { ImageRequest } from '../../src/model/plan/plan.js';
import type { CallCount, FaultRule, ListedResource, Simulator } from '../../src/simulator/index.js';
import { startSimulator } from '../../src/simulator/index.js';
import { createUrlPolicy } from '../../src/fetch/url-policy.js';
import type { PublisherOptions } from './publisher-config.js';
import { writeConfig } from './publisher-config.js';
import { slowdown } from './slowdown.js';

export interface ActivityLevel {
  readonly simulator: Simulator;
  readonly server: ComposeServer;
  readonly aws: Aws;
  /** Each call in an activity environment of its own; failures are those that a workflow sees. */
  readonly activities: Activities;
  /** The same, as second attempts: what an earlier one made may not be listed yet. */
  readonly again: Activities;
  /** The same, of activities that were scheduled just now. */
  readonly soonAgain: Activities;
  readonly image: SampleImage;
  readonly request: ImageRequest;
  resources(type?: ListedResource['type']): Promise<readonly ListedResource[]>;
  /** How many calls of an action were made so far, whatever their result. */
  calls(action: string): Promise<number>;
  readonly setFaults: (rules: readonly Partial<FaultRule>[]) => Promise<void>;
  /** What Temporal says of runs; it knows none until a test says so. */
  readonly runs: WorkflowRuns;
}

export async function withActivities<T>(
  options: PublisherOptions & { readonly settings?: Partial<AwsSettings> },
  body: (level: ActivityLevel) => Promise<T>,
): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'fedimg-test-activities-'));
  const server = await startComposeServer({ directory });
  const simulator = await startSimulator({
    stateDir: join(directory, 'cloud'),
    latency: 'instant',
    credentials: { accessKeyId: 'AKIATESTTESTTESTTEST', secretAccessKey: 'secret' },
    ...(options.minuteMs === undefined ? {} : { minuteMs: options.minuteMs }),
  });
  const aws = new Aws(
    scaledAwsSettings(0.05, {
      pollIntervalMs: 50,
      commandPollIntervalMs: 50,
      visibilityMs: 500 * slowdown(),
      // The cloud is in the same process: what stands still for seconds answers all the same.
      requestTimeoutMs: 60_000,
      ...options.settings,
    }),
    { endpoint: simulator.url, credentials: simulator.credentials },
  );
  try {
    const file = await writeConfig({ directory, options, server, taskQueue: 'none' });
    const { config } = await loadConfig({ path: file, env: {}, cwd: '/' });
    const compose = await writeSampleCompose({
      directory,
      composeId: 'Fedora-Cloud-43-20251021.0',
      baseUrl: server.url,
      rawDirectory: directory,
      rawSizeBytes: 32 * 1024 * 1024,
      dataBytes: 64 * 1024,
      architectures: ['x86_64'],
    });
    const [image] = compose.images;
    if (image === undefined) throw new TypeError('a compose without an image');
    const runs: WorkflowRuns = { stateOf: () => Promise.resolve({ state: 'unknown' }) };
    const activities = createActivities({
      aws,
      clock: aws.clock,
      config,
      urlPolicy: createUrlPolicy(config.source),
      runs,
      send: () => Promise.resolve(),
    });
    const control = (path: string) => fetch(`${simulator.url}/_fedimg/${path}`);
    return await body({
      simulator,
      server,
      aws,
      image,
      activities: inEnvironments(activities, { attempt: 1 }),
      again: inEnvironments(activities, { attempt: 2 }),
      soonAgain: inEnvironments(activities, { attempt: 2, scheduledTimestampMs: Date.now() }),
      request: {
        composeId: compose.composeId,
        release: '43',
        image: { ...image, arch: 'x86_64' },
      },
      resources: async (type) => {
        const all = (await (await control('resources')).json()) as ListedResource[];
        return type === undefined ? all : all.filter((one) => one.type === type);
      },
      calls: async (action) => {
        const counts = (await (await control('calls')).json()) as CallCount[];
        return counts
          .filter((one) => one.action === action)
          .reduce((sum, { count }) => sum + count, 0);
      },
      setFaults: async (rules) => {
        const url = `${simulator.url}/_fedimg/faults`;
        const answer = await fetch(url, { method: 'PUT', body: JSON.stringify(rules) });
        if (!answer.ok) throw new Error(await answer.text());
      },
      runs,
    });
  } finally {
    aws.destroy();
    await simulator.close();
    await server.close();
    await rm(directory, { recursive: true, force: true });
  }
}

/** The failures are what the tests look at. */
const SILENT = new DefaultLogger('ERROR');

function inEnvironments(activities: Activities, info: Partial<Info>): Activities {
  return Object.fromEntries(
    Object.entries(activities).map(([name, act]) => [
      name,
      async (input: never) => {
        try {
          return await new MockActivityEnvironment(info, { logger: SILENT }).run(
            act as (input: never) => Promise<unknown>,
            input,
          );
        } catch (error) {
          throw toFailure(error);
        }
      },
    ]),
  ) as unknown as Activities;
}
