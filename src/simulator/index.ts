/** The local cloud: an EC2 and SSM endpoint on this machine that keeps real bytes and runs real commands. */

import path from 'node:path';
import type { Credentials } from './credentials.js';
import { createClock } from './clock.js';
import type { TimeSource } from './clock.js';
import type { LatencyProfile } from './latency.js';
import { createLatency } from './latency.js';
import type { IamSetupInput } from './iam/setup.js';
import { createMachineFactory } from './machine/factory.js';
import { guestScriptFolder } from './machine/host-tools.js';
import { createRandom } from './random.js';
import type { CloudSettings } from './settings.js';
import { startCloud } from './start-cloud.js';

export type { TimeSource } from './clock.js';
export { systemTime } from './clock.js';
export type { Credentials } from './credentials.js';
export type { Authorization, Context, Decision, Verdict } from './iam/decision.js';
export { evaluate, policyErrors } from './iam/evaluate.js';
export type { IamSetupInput, PolicyDocument } from './iam/setup.js';
export { readIamSetup } from './iam/change.js';
export type { ListedResource } from './http/control.js';
export type { CallCount, Effect } from './store/effects.js';
export type { FaultKind, FaultRule, FaultStatus } from './faults/faults.js';
export type { PartitionName } from './partition.js';
export { PARTITIONS } from './partition.js';
export type { LatencyProfile } from './latency.js';
export { LATENCY_PROFILES } from './latency.js';
export type { CloudSettings } from './settings.js';
export { defaultSettings, publisherAccount, readSettings, SettingsError } from './settings.js';

/** The armored public key of the agent package that guests of the local cloud download: AWS's own key is not its. */
export const agentKeyFile: string = path.join(guestScriptFolder(), 'agent-bucket', 'key.asc');

export interface SimulatorOptions {
  /** 0, the default, is any free port. Only loopback is listened on. */
  readonly port?: number;
  /** Holds all state, with the bytes of volumes and snapshots; close() keeps it. One process at a time. */
  readonly stateDir: string;
  /** `fast` by default. */
  readonly latency?: LatencyProfile;
  /** Multiplies the durations of that profile; 1 by default. */
  readonly latencyScale?: number;
  /** Makes ids, zones and durations repeatable. */
  readonly seed?: number;
  /** The environment's AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY by default, or a pair made now. */
  readonly credentials?: Credentials;
  readonly log?: (line: string) => void;
  /** The system's time by default. Only guests and their processes always live in real time. */
  readonly clock?: TimeSource;
  /** How long a minute of `shutdown +MINUTES` lasts on instances; 60,000 by default. */
  readonly minuteMs?: number;
  readonly settings?: Partial<CloudSettings>;
  /** Users, roles and their policies. Without any, every caller may do everything. */
  readonly iam?: IamSetupInput;
}

export interface Simulator {
  /** Such as `http://127.0.0.1:41235`: the endpoint of EC2, SSM, STS and Service Quotas, for every region. */
  readonly url: string;
  readonly credentials: Credentials;
  /** Ends the server and every machine's processes; the state stays in its directory. */
  readonly close: () => Promise<void>;
}

/** Starts the local cloud on its state directory; one that exists goes on where it stopped. Rejects when the port is taken. */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const log = options.log ?? (() => undefined);
  const clock = createClock(options.clock);
  const { latency: profile = 'fast', latencyScale, seed } = options;
  const latency = createLatency(profile, createRandom(seed, 0), latencyScale);
  const started = await startCloud({
    ...options,
    clock,
    machineFactory: createMachineFactory({
      log,
      clock,
      bootMs: () => latency.draw('guestBoot'),
      agentRegistrationMs: () => latency.draw('agentRegistration'),
      ...(options.minuteMs === undefined ? {} : { minuteMs: options.minuteMs }),
    }),
  });
  const { url, credentials } = started;
  return { url, credentials, close: () => started.close() };
}
