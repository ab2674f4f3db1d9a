/** The configuration of a publisher under test. */

import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ComposeServer } from '../../src/local/compose-server/compose-server.js';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import type { CloudSettings, IamSetupInput, LatencyProfile } from '../../src/simulator/index.js';
import { agentKeyFile } from '../../src/simulator/index.js';
import type { TestTemporal } from './temporal.js';

/** Of the publisher's configuration. */
export const DEPLOYMENT = 'test';

/** Of runs: Temporal notices a dead worker after six seconds, which leaves time for a busy one. */
export const TIME_SCALE = 0.2;

export interface PublisherOptions {
  /** The script that decides; passes by default. */
  readonly testScript?: string;
  /** The AMI of the utility instance; "al2023" by default. */
  readonly ami?: string;
  /** The home region; us-east-1 by default. */
  readonly home?: string;
  /** Lines for the configuration's [publish] table. */
  readonly publish?: readonly string[];
  /** Lines for its [test] table. */
  readonly test?: readonly string[];
  /** False: the test instance has no instance profile, as with transport "console" of ops/iam. */
  readonly testProfile?: boolean;
  /** Lines for its [utility] table. */
  readonly utility?: readonly string[];
  /** Lines for its [sweep] table. */
  readonly sweep?: readonly string[];
  /** Lines for its [messaging] table; without one, messages are only kept in `announced`. */
  readonly messaging?: readonly string[];
  /** Lines for its [tags] table. */
  readonly tags?: readonly string[];
  /** Lines for its [composes] table. */
  readonly composes?: readonly string[];
  /** Whole tables, as `[metrics]` with its lines. */
  readonly tables?: readonly string[];
  /** Settings of the local cloud's account, which may publish without limits by default. */
  readonly account?: Partial<CloudSettings>;
  /** Users, roles and policies of the local cloud; without them every call is allowed. */
  readonly iam?: IamSetupInput;
  readonly ranges?: boolean;
  /** Between two looks of the worker at a wait for AWS; 400 by default. */
  readonly pollIntervalMs?: number;
  /** Of the worker's waits; that of runs by default. */
  readonly scale?: number;
  /** False: the test starts its own, as a process. */
  readonly worker?: boolean;
  /** How long an SSM agent is waited for by a worker of this process. */
  readonly agentPatienceMs?: number;
  /** Waits for AWS take no time: for a test that only looks at the end. */
  readonly waitsTakeNoTime?: boolean;
  /** A minute of the instances' dead-man timers. */
  readonly minuteMs?: number;
  /** How long the local cloud takes; `instant` by default. */
  readonly latency?: LatencyProfile;
  /** Multiplies that; 1 by default. */
  readonly latencyScale?: number;
  /** Repeats the durations that the local cloud draws. */
  readonly seed?: number;
  /** All waits and time-outs as in production, for `[timing]` with these lines. */
  readonly production?: readonly string[];
  /** Around the attempts of a worker of this process. */
  readonly activityInterceptors?: readonly ActivityInterceptorsFactory[];
  /** A Temporal server of the test's own; the suite's by default. */
  readonly temporal?: TestTemporal;
  /** Fills the state folder of the local cloud, which is empty by default: `testedCloud` for incidents of late steps. */
  readonly cloud?: (stateDir: string, temporal: TestTemporal) => Promise<void>;
}

/** Writes script and configuration into the folder; returns the configuration's path. */
export async function writeConfig({
  directory,
  options,
  server,
  taskQueue,
}: {
  readonly directory: string;
  readonly options: PublisherOptions;
  readonly server: ComposeServer;
  readonly taskQueue: string;
}): Promise<string> {
  const script = join(directory, 'test.sh');
  await writeFile(script, options.testScript ?? '#!/bin/bash\necho all is well\n');
  await chmod(script, 0o700);
  const file = join(directory, 'fedimg.toml');
  const lines = [
    `deployment = "${DEPLOYMENT}"`,
    '[[amis]]',
    `region = "${options.home ?? 'us-east-1'}"`,
    `ami = "${options.ami ?? 'al2023'}"`,
    'arch = "x86_64"',
    '[publish]',
    ...publishLines(options.publish ?? ['regions = ["us-east-1", "eu-west-1", "us-east-2"]']),
    '[utility]',
    'instance_types = ["m5.large"]',
    'instance_profile = "fedimg-utility"',
    ...(options.utility ?? []),
    '[test]',
    'script = "test.sh"',
    ...(options.testProfile === false ? [] : ['instance_profile = "fedimg-test"']),
    `agent_key = "${agentKeyFile}"`,
    'instance_types.x86_64 = ["t3.small"]',
    'instance_types.aarch64 = ["t4g.small"]',
    ...(options.test ?? []),
    '[source]',
    `allow = ["${server.url}/"]`,
    'min_rate_bytes_per_second = 0',
    '[sweep]',
    ...(options.sweep ?? []),
    '[messaging]',
    ...(options.messaging ?? []),
    '[tags]',
    ...(options.tags ?? []),
    '[composes]',
    ...(options.composes ?? []),
    '[worker]',
    `task_queue = "${taskQueue}"`,
    'shutdown_grace = "1s"',
    '[timing]',
    ...(options.production ?? [
      `poll_interval = "${options.pollIntervalMs ?? 400}ms"`,
      'command_poll_interval = "200ms"',
      // The same as the run's, so that leases end before the heartbeat time-out.
      `scale = ${options.scale ?? TIME_SCALE}`,
    ]),
    ...(options.tables ?? []),
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  return file;
}

/** In a test, no operator comes to a failed region unless the test says so. */
function publishLines(lines: readonly string[]): readonly string[] {
  const isSet = lines.some((line) => line.startsWith('operator_patience'));
  return isSet ? lines : [...lines, 'operator_patience = "0s"'];
}
