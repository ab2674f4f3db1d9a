/** One region's clients and its pollers: what all activities of a worker share. */

import type { EC2ClientConfig, Image, Instance, Snapshot, Volume } from '@aws-sdk/client-ec2';
import { EC2Client } from '@aws-sdk/client-ec2';
import type {
  CommandInvocation,
  InstanceInformation,
  SSMPaginationConfiguration,
} from '@aws-sdk/client-ssm';
import {
  paginateDescribeInstanceInformation,
  paginateListCommandInvocations,
  SSMClient,
} from '@aws-sdk/client-ssm';
import type { Clock } from '../model/clock.js';
import type { CallGate } from './call-gate.js';
import { callGatePlugin } from './call-gate.js';
import { errorRegionPlugin } from './error-region.js';
import { listImages, listInstances, listSnapshots, listVolumes } from './listing.js';
import { SharedPoll } from './shared-poll.js';
import { systemClock } from './system-clock.js';

/** Where AWS is and who asks; by default the environment says both. */
export type AwsAccess = Pick<EC2ClientConfig, 'endpoint' | 'credentials'> & {
  readonly gate?: CallGate;
  /** What all waits for AWS go by; the machine's own unless a test moves it. */
  readonly clock?: Clock;
};

/** The waits of one worker, all in milliseconds but where the name says otherwise. */
export interface AwsSettings {
  /** Between two questions to EC2, in each region. */
  readonly pollIntervalMs: number;
  /** Between two questions to SSM about commands. */
  readonly commandPollIntervalMs: number;
  /** How long a command on an instance may wait for news before it answers. */
  readonly followSeconds: number;
  /** A new id may be unknown to EC2 for this long (ec2-api: eventual-consistency). */
  readonly visibilityMs: number;
  /** An instance that is up must have its SSM agent registered within this; one that restarts is back within it. */
  readonly agentPatienceMs: number;
  /** One region that does not answer for so long is planned without; a blip is waited out. */
  readonly regionPatienceMs: number;
  /** A short command has ended by then; a dead agent leaves its commands InProgress. */
  readonly commandPatienceMs: number;
  /** An answer that never comes must not hold an activity until its time-out. */
  readonly requestTimeoutMs: number;
}

export const AWS_DEFAULTS: AwsSettings = {
  pollIntervalMs: 10_000,
  commandPollIntervalMs: 5_000,
  followSeconds: 10,
  visibilityMs: 60_000,
  agentPatienceMs: 600_000,
  regionPatienceMs: 300_000,
  // One minute to be delivered, two to run, and one for SSM to notice its own time-outs.
  commandPatienceMs: 240_000,
  requestTimeoutMs: 30_000,
};

/** The defaults with all waits scaled, but for what is given. */
export function scaledAwsSettings(scale: number, given: Partial<AwsSettings> = {}): AwsSettings {
  const scaled = Object.fromEntries(
    Object.entries(AWS_DEFAULTS).map(([name, wait]) => [name, wait * scale]),
  ) as unknown as AwsSettings;
  const followSeconds = Math.max(1, Math.round(scaled.followSeconds));
  // Below this, a busy machine would look like a dead service.
  const requestTimeoutMs = Math.max(3_000, scaled.requestTimeoutMs);
  return { ...scaled, followSeconds, requestTimeoutMs, ...given };
}

/** The SDK's three attempts, and their pauses. */
const ANSWER_TIMEOUTS_MAX = 4;

/** Between this machine's clock and SSM's. */
const CLOCK_SKEW_MS = 120_000;

/** Filter values in one call (EC2 API reference: 200 a filter). */
const FILTER_VALUES_MAX = 200;

/** Items of a page of SSM's listings (SSM API reference: MaxResults). */
const PAGE_ITEMS_MAX = 50;

export class RegionAccess {
  readonly name: string;
  readonly settings: AwsSettings;
  readonly clock: Clock;
  readonly ec2: EC2Client;
  /** Sends once: for calls without a client token, which the SDK's own retry would repeat blindly. */
  readonly ec2Once: EC2Client;
  readonly ssm: SSMClient;
  readonly instances: SharedPoll<Instance>;
  readonly volumes: SharedPoll<Volume>;
  readonly snapshots: SharedPoll<Snapshot>;
  readonly images: SharedPoll<Image>;
  readonly agents: SharedPoll<InstanceInformation>;
  readonly invocations: SharedPoll<CommandInvocation>;
  /** How SSM's listings are read: to their last page, which has an empty token or none. */
  readonly #pages: SSMPaginationConfiguration;

  constructor(name: string, settings: AwsSettings, access: AwsAccess = {}) {
    this.name = name;
    this.settings = settings;
    const { gate, clock = systemClock, ...where } = access;
    this.clock = clock;
    const { requestTimeoutMs } = settings;
    const requestHandler = {
      connectionTimeout: Math.min(5_000, requestTimeoutMs),
      requestTimeout: requestTimeoutMs,
      throwOnRequestTimeout: true,
      socketTimeout: requestTimeoutMs,
    };
    const client = { ...where, region: name, requestHandler };
    this.ec2 = new EC2Client(client);
    this.ec2Once = new EC2Client({ ...client, maxAttempts: 1 });
    this.ssm = new SSMClient(client);
    this.ec2.middlewareStack.use(errorRegionPlugin(name));
    this.ec2Once.middlewareStack.use(errorRegionPlugin(name));
    this.ssm.middlewareStack.use(errorRegionPlugin(name));
    if (gate !== undefined) {
      this.ec2.middlewareStack.use(callGatePlugin(gate));
      this.ec2Once.middlewareStack.use(callGatePlugin(gate));
      this.ssm.middlewareStack.use(callGatePlugin(gate));
    }
    this.#pages = { client: this.ssm, pageSize: PAGE_ITEMS_MAX, stopOnSameToken: true };
    const { pollIntervalMs, commandPollIntervalMs } = settings;
    const answerMsMax = ANSWER_TIMEOUTS_MAX * requestTimeoutMs;
    const ec2 = { clock, intervalMs: pollIntervalMs, idsMax: FILTER_VALUES_MAX, answerMsMax };
    // Filters, not id lists: one unknown id would fail the whole call with NotFound.
    this.instances = new SharedPoll({ ...ec2, describe: (ids) => this.#describeInstances(ids) });
    this.volumes = new SharedPoll({ ...ec2, describe: (ids) => this.#describeVolumes(ids) });
    this.snapshots = new SharedPoll({ ...ec2, describe: (ids) => this.#describeSnapshots(ids) });
    this.images = new SharedPoll({ ...ec2, describe: (ids) => this.#describeImages(ids) });
    // SSM API reference, InstanceInformationStringFilter: 100 values.
    const ssm = { clock, intervalMs: pollIntervalMs, idsMax: 50, answerMsMax };
    this.agents = new SharedPoll({ ...ssm, describe: (ids) => this.#describeAgents(ids) });
    this.invocations = new SharedPoll({
      clock,
      intervalMs: commandPollIntervalMs,
      idsMax: Number.MAX_SAFE_INTEGER,
      answerMsMax,
      describe: (ids) => this.#listInvocations(ids),
    });
  }

  destroy(): void {
    this.ec2.destroy();
    this.ec2Once.destroy();
    this.ssm.destroy();
  }

  async #describeInstances(ids: readonly string[]): Promise<Map<string, Instance>> {
    const filters = [{ Name: 'instance-id', Values: [...ids] }];
    const found = await listInstances(this.ec2, filters, this.#bounded());
    return byId(found, ({ InstanceId }) => InstanceId);
  }

  async #describeVolumes(ids: readonly string[]): Promise<Map<string, Volume>> {
    const filters = [{ Name: 'volume-id', Values: [...ids] }];
    const found = await listVolumes(this.ec2, filters, this.#bounded());
    return byId(found, ({ VolumeId }) => VolumeId);
  }

  async #describeSnapshots(ids: readonly string[]): Promise<Map<string, Snapshot>> {
    const filters = [{ Name: 'snapshot-id', Values: [...ids] }];
    const found = await listSnapshots(this.ec2, filters, this.#bounded());
    return byId(found, ({ SnapshotId }) => SnapshotId);
  }

  async #describeImages(ids: readonly string[]): Promise<Map<string, Image>> {
    const query = { Owners: ['self'], Filters: [{ Name: 'image-id', Values: [...ids] }] };
    const found = await listImages(this.ec2, query, this.#bounded());
    return byId(found, ({ ImageId }) => ImageId);
  }

  async #describeAgents(ids: readonly string[]): Promise<Map<string, InstanceInformation>> {
    const found: InstanceInformation[] = [];
    const Filters = [{ Key: 'InstanceIds', Values: [...ids] }];
    // SSM filters each page by itself: one without any of these nodes is not the last (aws/aws-cli#2626).
    const pages = paginateDescribeInstanceInformation(
      this.#pages,
      { Filters },
      { abortSignal: this.#bounded() },
    );
    for await (const page of pages) {
      found.push(...(page.InstanceInformationList ?? []));
      if (found.length >= ids.length) break;
    }
    return byId(found, ({ InstanceId }) => InstanceId);
  }

  /** Commands of this worker that are awaited, with the times when they were sent, in ms since 1970. */
  readonly sentAt = new Map<string, number>();

  /** Ends the walk through the pages when the poll has given the answer up. */
  #bounded(): AbortSignal {
    const { requestTimeoutMs } = this.settings;
    // A scaled time-out may be a fraction, which AbortSignal refuses.
    return AbortSignal.timeout(Math.ceil(ANSWER_TIMEOUTS_MAX * requestTimeoutMs));
  }

  /** A single command is asked for by its id; several share one listing of what was sent since. */
  async #listInvocations(ids: readonly string[]): Promise<Map<string, CommandInvocation>> {
    const wanted = new Set(ids);
    const found: CommandInvocation[] = [];
    const since = Math.min(...ids.map((id) => this.sentAt.get(id) ?? this.clock.now()));
    const InvokedAfter = new Date(since - CLOCK_SKEW_MS).toISOString();
    const only =
      ids.length === 1
        ? { CommandId: ids[0] }
        : { Filters: [{ key: 'InvokedAfter' as const, value: InvokedAfter }] };
    const pages = paginateListCommandInvocations(this.#pages, only, {
      abortSignal: this.#bounded(),
    });
    for await (const page of pages) {
      found.push(...(page.CommandInvocations ?? []));
      if (found.filter((one) => wanted.has(one.CommandId ?? '')).length >= wanted.size) break;
    }
    return byId(found, ({ CommandId }) => CommandId);
  }
}

function byId<T>(items: readonly T[], idOf: (item: T) => string | undefined): Map<string, T> {
  return new Map(
    items.flatMap((item) => {
      const id = idOf(item);
      return id === undefined ? [] : [[id, item]];
    }),
  );
}

/** The regions that a worker has talked to. */
export class Aws {
  readonly settings: AwsSettings;
  readonly clock: Clock;
  readonly #access: AwsAccess;
  readonly #regions = new Map<string, RegionAccess>();

  constructor(settings: AwsSettings = AWS_DEFAULTS, access: AwsAccess = {}) {
    this.settings = settings;
    this.#access = access;
    this.clock = access.clock ?? systemClock;
  }

  region(name: string): RegionAccess {
    let region = this.#regions.get(name);
    if (region === undefined) {
      region = new RegionAccess(name, this.settings, this.#access);
      this.#regions.set(name, region);
    }
    return region;
  }

  destroy(): void {
    for (const ec2 of this.#regions.values()) ec2.destroy();
    this.#regions.clear();
  }
}
