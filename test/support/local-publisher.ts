/** A whole publisher in one process: real Temporal server, real worker and activities, the local cloud, a served compose. */

import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorkflowHandle, WorkflowHandleWithSignaledRunId } from '@temporalio/client';
import type { Worker } from '@temporalio/worker';
import { NativeConnection } from '@temporalio/worker';
import pino from 'pino';
import type { Fence } from '../../src/activities/attempt/fence.js';
import { scaledAwsSettings } from '../../src/aws/region-access.js';
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
import type { ImageRequest } from '../../src/model/plan/plan.js';
import type { ComposeResult, ImageResult } from '../../src/model/progress/progress.js';
import { composeWorkflowId, imageWorkflowId } from '../../src/model/ids/workflow-ids.js';
import type { CallCount, FaultRule, ListedResource, Simulator } from '../../src/simulator/index.js';
import { publisherAccount, startSimulator } from '../../src/simulator/index.js';
import { openWorker } from '../../src/worker/open-worker.js';
import { outgoingMessages } from '../../src/worker/outgoing-messages.js';
import { CloudControl } from './cloud-control.js';
import { keptImage } from './kept-images.js';
import type { PublisherOptions } from './publisher-config.js';
import { DEPLOYMENT, TIME_SCALE, writeConfig } from './publisher-config.js';
import type { TestTemporal } from './temporal.js';
import { testTemporal } from './temporal.js';
import { VirtualClock } from './virtual-clock.js';
import { testBundle } from './workflow-worker.js';

export type { PublisherOptions } from './publisher-config.js';

export interface LocalPublisher {
  readonly simulator: Simulator;
  readonly cloud: CloudControl;
  /** Of the cloud and of the workers in this process. */
  readonly clock: VirtualClock;
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

const SILENT = pino({ level: 'silent' });

/** Raw images of 32 MiB: the smallest that hold all partitions. */
const RAW_BYTES = 32 * 1024 * 1024;
let composes = 0;

/** Of the waits for AWS, which need not be in proportion to the leases. */
const AWS_SCALE = 0.05;

/** A guest that boots on a busy machine must not count as one with a dead agent. */
const AGENT_PATIENCE_MS = 60_000;

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
  const fences: Fence[] = [];
  const clock = new VirtualClock({
    jumps: options.waitsTakeNoTime === true,
    isFrozen: options.production !== undefined,
    // An attempt waits for Temporal to record its first heartbeat, which takes no time in the cloud.
    isBusy: () => fences.some(({ hasDoubt }) => hasDoubt),
  });
  const temporal = options.temporal ?? (await testTemporal());
  const stateDir = join(directory, 'cloud');
  await options.cloud?.(stateDir, temporal);
  const simulator = await startSimulator({
    stateDir,
    clock,
    latency: options.latency ?? 'instant',
    ...(options.latencyScale === undefined ? {} : { latencyScale: options.latencyScale }),
    ...(options.seed === undefined ? {} : { seed: options.seed }),
    settings: { ...publisherAccount, ...options.account },
    ...(options.iam === undefined ? {} : { iam: options.iam }),
    credentials: { accessKeyId: 'AKIATESTTESTTESTTEST', secretAccessKey: randomUUID() },
  });
  try {
    const taskQueue = `test-${randomUUID()}`;
    const configFile = await writeConfig({ directory, options, server: served, taskQueue });
    const { agentPatienceMs = AGENT_PATIENCE_MS } = options;
    const known = {
      directory,
      served,
      simulator,
      clock,
      announced,
      taskQueue,
      configFile,
      temporal,
    };
    const parts = { ...known, agentPatienceMs, options, fences };
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
  readonly clock: VirtualClock;
  readonly announced: Announcement[];
  readonly taskQueue: string;
  readonly configFile: string;
  readonly temporal: TestTemporal;
  readonly agentPatienceMs: number;
  readonly options: PublisherOptions;
  /** Of the workers of this process. */
  readonly fences: Fence[];
}

function publisherOf(parts: Parts): LocalPublisher {
  const { directory, served, simulator, taskQueue, options } = parts;
  const memo = options.production === undefined ? { [TIME_SCALE_MEMO]: TIME_SCALE } : {};
  const { client, server } = parts.temporal;
  const cloud = new CloudControl(simulator.url);
  let ownComposes = 0;
  return {
    simulator,
    cloud,
    clock: parts.clock,
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
      ownComposes += 1;
      return writeSampleCompose({
        directory,
        composeId: `Fedora-Cloud-43-20251021.${composes}`,
        baseUrl: served.url,
        rawDirectory: directory,
        rawSizeBytes: RAW_BYTES,
        dataBytes: 256 * 1024,
        // Other bytes for each compose of this publisher, and the same for those of the next publisher.
        seed: `compose ${ownComposes}`,
        makeImage: keptImage,
        ...overrides,
      });
    },
    signal: (compose) => {
      const parsed = parseComposeMessage(compose.message);
      if (parsed.kind !== 'message') throw new TypeError(JSON.stringify(parsed));
      return client.workflow.signalWithStart<() => Promise<ComposeResult>, [ComposeMessage]>(
        COMPOSE_WORKFLOW,
        {
          workflowId: composeWorkflowId(DEPLOYMENT, compose.composeId),
          taskQueue,
          args: [{ composeId: compose.composeId }] as never,
          signal: composeStatusSignal,
          signalArgs: [parsed.message],
          memo,
          workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
        },
      );
    },
    publish: (request) =>
      client.workflow.start<() => Promise<ImageResult>>(PUBLISH_IMAGE_WORKFLOW, {
        taskQueue,
        workflowId: imageWorkflowId(DEPLOYMENT, {
          composeId: request.composeId,
          subvariant: randomUUID(),
          arch: request.image.arch,
        }),
        memo,
        args: [{ request }] as never,
      }),
    resources: () => cloud.resources(),
    calls: () => cloud.calls(),
    setFaults: (rules) => cloud.setFaults(rules),
    snapshotBytes: (regionName, id) => cloud.snapshotBytes(regionName, id),
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
  clock,
  announced,
  configFile,
  temporal: { server },
  agentPatienceMs,
  options: { production, activityInterceptors = [] },
  fences,
}: Parts): Promise<{ worker: Worker; close: () => Promise<void> }> {
  const { config } = await loadConfig({ path: configFile, env: {}, cwd: '/' });
  const { pollIntervalMs, commandPollIntervalMs } = config.timing;
  const messages = outgoingMessages(config, SILENT);
  const connection = await NativeConnection.connect({ address: server.address });
  const opened = await openWorker(
    { config, log: SILENT, connection, namespace: server.namespace },
    {
      access: { endpoint: simulator.url, credentials: simulator.credentials, clock },
      awsSettings:
        production === undefined
          ? scaledAwsSettings(AWS_SCALE, {
              pollIntervalMs: pollIntervalMs ?? 200,
              commandPollIntervalMs: commandPollIntervalMs ?? 200,
              visibilityMs: 1_000,
              requestTimeoutMs: 60_000,
              agentPatienceMs,
            })
          : {},
      activityInterceptors,
      workflowBundle: await testBundle(),
      debugMode: true,
      send: async (announcement) => {
        await messages.send(announcement);
        announced.push(announcement);
      },
    },
  );
  fences.push(opened.fence);
  return {
    worker: opened.worker,
    close: async () => {
      await opened.close();
      await messages.close();
      await connection.close();
    },
  };
}
