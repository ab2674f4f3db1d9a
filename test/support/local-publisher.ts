/** A whole publisher in one process: real Temporal server, real worker and activities, the local cloud, a served compose. */

import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorkflowHandle, WorkflowHandleWithSignaledRunId } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import pino from 'pino';
import { createActivities } from '../../src/activities/index.js';
import { AttemptInterceptor } from '../../src/activities/attempt/interceptor.js';
import { attemptGate } from '../../src/activities/attempt/fence.js';
import { Aws, scaledAwsSettings } from '../../src/aws/region-access.js';
import { loadConfig } from '../../src/config/load.js';
import {
  COMPOSE_WORKFLOW,
  composeStatusSignal,
  PUBLISH_IMAGE_WORKFLOW,
  TIME_SCALE_MEMO,
} from '../../src/contract.js';
import type { ComposeServer } from '../../src/local/compose-server/compose-server.js';
import { startComposeServer } from '../../src/local/compose-server/compose-server.js';
import type { SampleCompose } from '../../src/local/compose-server/sample-compose.js';
import { writeSampleCompose } from '../../src/local/compose-server/sample-compose.js';
import type { Announcement } from '../../src/model/progress/announcement.js';
import type { ComposeMessage } from '../../src/model/compose/compose-message.js';
import { parseComposeMessage } from '../../src/model/compose/compose-message.js';
import { packageVersion } from '../../src/package-version.js';
import type { ImageRequest } from '../../src/model/plan/plan.js';
import type { ComposeResult, ImageResult } from '../../src/model/progress/progress.js';
import { composeWorkflowId } from '../../src/model/ids/workflow-ids.js';
import type { CallCount, FaultRule, ListedResource, Simulator } from '../../src/simulator/index.js';
import { startSimulator } from '../../src/simulator/index.js';
import { outgoingMessages } from '../../src/worker/outgoing-messages.js';
import { TemporalRuns } from '../../src/worker/workflow-runs.js';
import { createUrlPolicy } from '../../src/fetch/url-policy.js';
import type { PublisherOptions } from './publisher-config.js';
import { TIME_SCALE, writeConfig } from './publisher-config.js';
import { slowdown } from './slowdown.js';
import type { TestTemporal } from './temporal.js';
import { testTemporal } from './temporal.js';
import { testBundle } from './workflow-worker.js';

export type { PublisherOptions } from './publisher-config.js';

export interface LocalPublisher {
  readonly simulator: Simulator;
  readonly server: ComposeServer;
  readonly announced: readonly Announcement[];
  readonly configFile: string;
  readonly taskQueue: string;
  /** For a worker process. */
  readonly env: NodeJS.ProcessEnv;
  /** Writes a compose of small real images into the served folder. */
  compose(options?: Partial<Parameters<typeof writeSampleCompose>[0]>): Promise<SampleCompose>;
  /** Sends the compose's status message, as `fedimg compose signal` does. */
  signal(
    compose: SampleCompose,
  ): Promise<WorkflowHandleWithSignaledRunId<() => Promise<ComposeResult>>>;
  publish(request: ImageRequest): Promise<WorkflowHandle<() => Promise<ImageResult>>>;
  readonly resources: () => Promise<readonly ListedResource[]>;
  calls(): Promise<readonly CallCount[]>;
  /** Puts the local cloud's fault rules in place of all earlier ones. */
  setFaults(rules: readonly Partial<FaultRule>[]): Promise<void>;
  snapshotBytes(regionName: string, id: string): Promise<Response>;
  /** Starts one more worker in this process; returns what stops it, with what it holds handed over. */
  startWorker(): Promise<() => Promise<void>>;
}

/** Raw images of 32 MiB: the smallest that hold all partitions. */
const RAW_BYTES = 32 * 1024 * 1024;
let composes = 0;

export async function withPublisher<T>(
  options: PublisherOptions,
  body: (publisher: LocalPublisher) => Promise<T>,
): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'fedimg-test-publisher-'));
  const announced: Announcement[] = [];
  const served = await startComposeServer({
    directory,
    ...(options.ranges === undefined ? {} : { ranges: options.ranges }),
  });
  const simulator = await startSimulator({
    stateDir: join(directory, 'cloud'),
    latency: 'instant',
    credentials: { accessKeyId: 'AKIATESTTESTTESTTEST', secretAccessKey: randomUUID() },
  });
  try {
    const taskQueue = `test-${randomUUID()}`;
    const configFile = await writeConfig({ directory, options, server: served, taskQueue });
    const temporal = options.temporal ?? (await testTemporal());
    const { agentPatienceMs = 20_000 * slowdown() } = options;
    const known = { directory, served, simulator, announced, taskQueue, configFile, temporal };
    const parts = { ...known, agentPatienceMs };
    const publisher = publisherOf(parts);
    if (options.worker === false) return await body(publisher);
    const { worker, close } = await createWorker(parts);
    try {
      return await worker.runUntil(() => body(publisher));
    } finally {
      await close();
    }
  } finally {
    await simulator.close();
    await served.close();
    await rm(directory, { recursive: true, force: true });
  }
}

interface Parts {
  readonly directory: string;
  readonly served: ComposeServer;
  readonly simulator: Simulator;
  readonly announced: Announcement[];
  readonly taskQueue: string;
  readonly configFile: string;
  readonly temporal: TestTemporal;
  readonly agentPatienceMs: number;
}

function publisherOf(parts: Parts): LocalPublisher {
  const { directory, served, simulator, taskQueue } = parts;
  const { client, server } = parts.temporal;
  const json = async (path: string): Promise<unknown> =>
    (await fetch(`${simulator.url}/_fedimg/${path}`)).json();
  return {
    simulator,
    server: served,
    announced: parts.announced,
    configFile: parts.configFile,
    taskQueue,
    env: {
      ...server.env,
      TEMPORAL_ADDRESS: server.address,
      AWS_ENDPOINT_URL: simulator.url,
      AWS_ACCESS_KEY_ID: simulator.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: simulator.credentials.secretAccessKey,
    },
    compose: (overrides = {}) => {
      composes += 1;
      return writeSampleCompose({
        directory,
        composeId: `Fedora-Cloud-43-20251021.${composes}`,
        baseUrl: served.url,
        rawDirectory: directory,
        rawSizeBytes: RAW_BYTES,
        dataBytes: 256 * 1024,
        ...overrides,
      });
    },
    signal: (compose) => {
      const parsed = parseComposeMessage(compose.message);
      if (parsed.kind !== 'message') throw new TypeError(JSON.stringify(parsed));
      return client.workflow.signalWithStart<() => Promise<ComposeResult>, [ComposeMessage]>(
        COMPOSE_WORKFLOW,
        {
          workflowId: composeWorkflowId(compose.composeId),
          taskQueue,
          args: [{ composeId: compose.composeId }] as never,
          signal: composeStatusSignal,
          signalArgs: [parsed.message],
          memo: { [TIME_SCALE_MEMO]: TIME_SCALE },
          workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
        },
      );
    },
    publish: (request) =>
      client.workflow.start<() => Promise<ImageResult>>(PUBLISH_IMAGE_WORKFLOW, {
        taskQueue,
        workflowId: `image/${request.composeId}/${randomUUID()}/${request.image.arch}`,
        memo: { [TIME_SCALE_MEMO]: TIME_SCALE },
        args: [{ request }] as never,
      }),
    resources: async () => (await json('resources')) as ListedResource[],
    calls: async () => (await json('calls')) as CallCount[],
    setFaults: async (rules) => {
      const url = `${simulator.url}/_fedimg/faults`;
      const answer = await fetch(url, { method: 'PUT', body: JSON.stringify(rules) });
      if (!answer.ok) throw new Error(await answer.text());
    },
    snapshotBytes: (regionName, id) =>
      fetch(`${simulator.url}/_fedimg/snapshots/${regionName}/${id}`),
    startWorker: async () => {
      const { worker, close } = await createWorker(parts);
      const running = worker.run();
      return async () => {
        worker.shutdown();
        await running;
        await close();
      };
    },
  };
}

async function createWorker({
  simulator,
  announced,
  taskQueue,
  configFile,
  temporal: { server, client },
  agentPatienceMs,
}: Parts): Promise<{ worker: Worker; close: () => Promise<void> }> {
  const { config } = await loadConfig({ path: configFile, env: {}, cwd: '/' });
  const { pollIntervalMs, commandPollIntervalMs } = config.timing;
  const aws = new Aws(
    scaledAwsSettings(config.timing.scale, {
      pollIntervalMs,
      commandPollIntervalMs,
      visibilityMs: 1_000 * slowdown(),
      requestTimeoutMs: 60_000,
      ...(agentPatienceMs === undefined ? {} : { agentPatienceMs }),
    }),
    {
      endpoint: simulator.url,
      credentials: simulator.credentials,
      gate: attemptGate(packageVersion()),
    },
  );
  const connection = await NativeConnection.connect({ address: server.address });
  const messages = outgoingMessages(config, pino({ level: 'silent' }));
  const worker = await Worker.create({
    connection,
    namespace: server.namespace,
    taskQueue,
    workflowBundle: await testBundle(),
    activities: createActivities({
      aws,
      clock: aws.clock,
      config,
      urlPolicy: createUrlPolicy(config.source),
      runs: new TemporalRuns(client.workflow),
      send: async (announcement) => {
        await messages.send(announcement);
        announced.push(announcement);
      },
    }),
    interceptors: {
      activity: [
        (context) => ({ inbound: new AttemptInterceptor(context, { scale: TIME_SCALE }) }),
      ],
    },
    maxHeartbeatThrottleInterval: '300ms',
  });
  const close = async () => {
    aws.destroy();
    await messages.close();
    await connection.close();
  };
  return { worker, close };
}
