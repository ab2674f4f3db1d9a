/** One region's clients and polls, which all activities of a worker share. */

import { EBSClient } from '@aws-sdk/client-ebs';
import type { EC2ClientConfig, Image, Instance, Snapshot, Volume } from '@aws-sdk/client-ec2';
import { EC2Client } from '@aws-sdk/client-ec2';
import { ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import type { CommandInvocation, InstanceInformation } from '@aws-sdk/client-ssm';
import { SSMClient } from '@aws-sdk/client-ssm';
import type { MiddlewareStack } from '@smithy/types';
import type { Clock } from '../model/clock.js';
import { proxyAgents } from '../proxy/agents.js';
import type { CallGate } from './call-gate.js';
import { callGatePlugin } from './call-gate.js';
import type { CallObserver } from './call-observer.js';
import { callObserverPlugin } from './call-observer.js';
import { askFor, renewalPlugin, RenewedCredentials } from './credentials.js';
import { BLOCKS_AT_ONCE, BlockSlots } from './ebs/block-slots.js';
import { unsignedBlockPlugin } from './ebs/unsigned-block.js';
import { errorOriginPlugin } from './error-origin.js';
import { FairSlots } from './fair-slots.js';
import { obstaclePlugin } from './obstacles.js';
import { proxyLoginPlugin } from './proxy-login.js';
import { regionPolls } from './region-polls.js';
import type { SharedPoll } from './shared-poll.js';
import { systemClock } from './system-clock.js';

/** The endpoint and the credentials; by default from the environment. */
export type AwsAccess = Pick<EC2ClientConfig, 'endpoint' | 'credentials'> & {
  readonly gate?: CallGate;
  readonly observer?: CallObserver;
  /** What all waits for AWS go by; the machine's own unless a test moves it. */
  readonly clock?: Clock;
};

/** The waits of one worker, in milliseconds unless the name says otherwise. */
export interface AwsSettings {
  /** Between two looks at resources of a kind, at least, in each region. */
  readonly pollIntervalMs: number;
  /** Looks go by what is expected. Otherwise each wait is looked at in every interval, which suits a cloud that takes milliseconds. */
  readonly adaptiveLooks?: boolean;
  /** Between two polls of SSM about commands, at least. */
  readonly commandPollIntervalMs: number;
  /** How long a command that follows a program waits for progress before it returns. */
  readonly followSeconds: number;
  /** A new id may be unknown to EC2 for this long (ec2-api: eventual-consistency). */
  readonly visibilityMs: number;
  /** Within this, the SSM agent of a running instance registers, and one that restarts is back. */
  readonly agentPatienceMs: number;
  /** A region that does not answer for so long is left out of the plan. */
  readonly regionPatienceMs: number;
  /** For so long, the plans of other images use what a region has answered about itself. */
  readonly factsKeptMs: number;
  /** A short command has ended by then; the command of a dead agent stays InProgress for ever. */
  readonly commandPatienceMs: number;
  /** A request without an answer must not hold up an activity until its time-out. */
  readonly requestTimeoutMs: number;
}

export const AWS_DEFAULTS: AwsSettings = {
  pollIntervalMs: 4_000,
  commandPollIntervalMs: 2_000,
  followSeconds: 10,
  visibilityMs: 60_000,
  agentPatienceMs: 600_000,
  regionPatienceMs: 300_000,
  factsKeptMs: 60_000,
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
  // With less, a busy machine would look like a dead service.
  const requestTimeoutMs = Math.max(3_000, scaled.requestTimeoutMs);
  return { ...scaled, followSeconds, requestTimeoutMs, ...given };
}

/** EBS user guide, "Quotas for Amazon EBS": concurrent snapshot copies per destination region. */
const COPIES_PER_DESTINATION = 20;

/** As the SDK's own agents have it. */
const CONNECTIONS = { keepAlive: true, maxSockets: 50 };

/** An image has thousands of blocks, and EBS throttles some of them: more tries than for one call. */
const BLOCK_ATTEMPTS = 6;

export class RegionAccess {
  readonly name: string;
  readonly settings: AwsSettings;
  readonly clock: Clock;
  readonly ec2: EC2Client;
  /** Sends each call once: the SDK's own retry of a call without a client token could make a second resource. */
  readonly ec2Once: EC2Client;
  readonly ssm: SSMClient;
  readonly quotas: ServiceQuotasClient;
  readonly ebs: EBSClient;
  /** Of all calls about single blocks. */
  readonly blockSlots: BlockSlots;
  readonly instances: SharedPoll<Instance>;
  readonly volumes: SharedPoll<Volume>;
  readonly snapshots: SharedPoll<Snapshot>;
  readonly images: SharedPoll<Image>;
  readonly agents: SharedPoll<InstanceInformation>;
  readonly invocations: SharedPoll<CommandInvocation>;
  /** Of the snapshot copies to this region, shared out among composes. */
  readonly copyTurns = new FairSlots(COPIES_PER_DESTINATION);
  /** Commands of this worker that are awaited, with the times when they were sent, in ms since 1970. */
  readonly sentAt = new Map<string, number>();

  constructor(name: string, settings: AwsSettings, access: AwsAccess = {}) {
    this.name = name;
    this.settings = settings;
    const { gate, observer, clock = systemClock, credentials: given, ...where } = access;
    this.clock = clock;
    const { requestTimeoutMs } = settings;
    const connectionTimeout = Math.min(5_000, requestTimeoutMs);
    const limits = {
      connectionTimeout,
      requestTimeout: requestTimeoutMs,
      throwOnRequestTimeout: true,
      socketTimeout: requestTimeoutMs,
    };
    // The SDK does not read the variables of a proxy. Each client ends its own agents.
    const requestHandler = (connections = CONNECTIONS) => {
      const agents = proxyAgents({ ...connections, patienceMs: connectionTimeout * 0.8 });
      return { ...limits, httpAgent: agents['http:'], httpsAgent: agents['https:'] };
    };
    const credentials = new RenewedCredentials(askFor(given, () => this.ec2.config));
    const client = () => ({
      ...{ ...where, credentials: credentials.provider, region: name },
      requestHandler: requestHandler(),
    });
    this.ec2 = new EC2Client(client());
    this.ec2Once = new EC2Client({ ...client(), maxAttempts: 1 });
    this.ssm = new SSMClient(client());
    this.quotas = new ServiceQuotasClient(client());
    this.ebs = new EBSClient({
      ...client(),
      requestHandler: requestHandler({ ...CONNECTIONS, maxSockets: BLOCKS_AT_ONCE }),
      maxAttempts: BLOCK_ATTEMPTS,
    });
    this.blockSlots = new BlockSlots(clock);
    const around = <I extends object, O extends object>(stack: MiddlewareStack<I, O>) => {
      stack.use(errorOriginPlugin(name, () => credentials.source));
      stack.use(renewalPlugin(credentials));
      stack.use(obstaclePlugin(name));
      stack.use(proxyLoginPlugin());
      if (gate !== undefined) stack.use(callGatePlugin(gate));
      if (observer !== undefined) stack.use(callObserverPlugin(name, observer));
    };
    around(this.ec2.middlewareStack);
    around(this.ec2Once.middlewareStack);
    around(this.ssm.middlewareStack);
    around(this.quotas.middlewareStack);
    around(this.ebs.middlewareStack);
    this.ebs.middlewareStack.use(unsignedBlockPlugin());
    const { ec2, ssm, sentAt } = this;
    const polls = regionPolls({ ec2, ssm, settings, clock, sentAt });
    this.instances = polls.instances;
    this.volumes = polls.volumes;
    this.snapshots = polls.snapshots;
    this.images = polls.images;
    this.agents = polls.agents;
    this.invocations = polls.invocations;
  }

  destroy(): void {
    this.ec2.destroy();
    this.ec2Once.destroy();
    this.ssm.destroy();
    this.quotas.destroy();
    this.ebs.destroy();
  }
}

/** AWS as one worker sees it: the access to each region, made when it is first needed. */
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
