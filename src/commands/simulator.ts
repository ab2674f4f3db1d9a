/** `fedimg simulator`: the local EC2/SSM endpoint on its own, until Ctrl-C. */

import { mkdtemp, mkdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Command } from 'commander';
import type {
  CloudSettings,
  IamSetupInput,
  LatencyProfile,
  PartitionName,
  Simulator,
} from '../simulator/index.js';
import {
  PARTITIONS,
  readIamSetup,
  readSettings,
  SettingsError,
  startSimulator,
} from '../simulator/index.js';
import { awsVariables, exportLines } from '../local/environment.js';
import { finish, withHelp } from './shared/command-help.js';
import { EXIT, type ExitCode } from './shared/exit-codes.js';
import { noteKeptTroubles } from '../local/kept-troubles.js';
import { parsePort, terminalOf } from './shared/options.js';
import { LATENCY_NAMES, parseLatency } from './shared/latency.js';
import { usageError } from './shared/problem.js';

interface SimulatorOptions {
  readonly port: number;
  readonly state?: string;
  readonly latency: LatencyProfile;
  readonly seed?: number;
  readonly settings?: Partial<CloudSettings>;
  readonly iam?: string;
  readonly partition: PartitionName;
}

export function createCommand(): Command {
  const command = new Command('simulator')
    .option('--port <port>', 'port on 127.0.0.1; 0 takes a free one', parsePort, 0)
    .option(
      '--state <dir>',
      'keep everything here over restarts (default: a folder that is removed at the end)',
    )
    .option('--latency <profile>', LATENCY_NAMES, parseLatency, 'fast')
    .option('--seed <number>', 'the same seed gives the same ids and durations', parseSeed)
    .option(
      '--settings <json>',
      'settings of the start, by default a new AWS account: docs/simulator.md lists them',
      parseSettings,
    )
    .option('--partition <name>', PARTITIONS.join(', '), parsePartition, 'aws')
    .option('--iam <file>', 'users, roles and policies that it enforces: docs/simulator.md');
  withHelp(command, {
    examples: [
      'fedimg simulator --port 8234 --state ./cloud',
      'fedimg simulator --partition aws-cn',
      'AWS_ENDPOINT_URL=http://127.0.0.1:8234 aws ec2 describe-images --owners self',
    ],
    notes:
      'It runs commands on this machine for every client with the key pair: AWS_ACCESS_KEY_ID and\nAWS_SECRET_ACCESS_KEY of the environment, or a pair that it makes and prints at start.',
  });
  command.action(async (options: SimulatorOptions) => finish(await run(command, options)));
  return command;
}

function parseSeed(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw usageError(`--seed ${text} is not a seed`, 'Allowed: a whole number of at most 9 digits.');
}

function parsePartition(text: string): PartitionName {
  const known = PARTITIONS.find((one) => one === text);
  if (known !== undefined) return known;
  throw usageError(`--partition ${text} is unknown`, `Allowed: ${PARTITIONS.join(', ')}.`);
}

function parseSettings(text: string): Partial<CloudSettings> {
  try {
    return readSettings(text);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    throw usageError(`--settings: ${error.message}`, 'Example: {"publicImagesPerRegion": 20}');
  }
}

/** The file is read before anything starts. */
async function iamOf(file: string): Promise<IamSetupInput> {
  try {
    return await readIamSetup(await readFile(file, 'utf8'));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw usageError(
      `--iam ${file}: ${error.message}`,
      'docs/simulator.md, "IAM", has an example.',
    );
  }
}

async function run(command: Command, options: SimulatorOptions): Promise<ExitCode> {
  const terminal = terminalOf(command);
  const iam = options.iam === undefined ? undefined : await iamOf(options.iam);
  const stopped = stopSignal();
  const stateDir =
    options.state === undefined
      ? await mkdtemp(path.join(os.tmpdir(), 'fedimg-simulator-'))
      : path.resolve(options.state);
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  try {
    const simulator = await startSimulator({
      port: options.port,
      stateDir,
      latency: options.latency,
      ...(options.seed === undefined ? {} : { seed: options.seed }),
      settings: { ...options.settings, partition: options.partition },
      ...(iam === undefined ? {} : { iam }),
      log: terminal.note,
    });
    terminal.note(
      `EC2 and SSM: ${simulator.url}, latency ${options.latency}, state in ${stateDir}`,
    );
    terminal.note('Ctrl-C stops it. To use it, export:');
    if (isPairGiven(simulator)) {
      terminal.note(`(its key pair is that of this environment, ${SECRETS.join(' and ')})`);
    }
    const variables = printedVariables(simulator, HOME_REGIONS[options.partition]);
    terminal.result(exportLines(variables).join('\n'));
    await noteKeptTroubles(simulator.url, terminal.note);
    await stopped;
    await simulator.close();
  } finally {
    if (options.state === undefined) await rm(stateDir, { recursive: true, force: true });
  }
  return EXIT.done;
}

const SECRETS: readonly string[] = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'];

/** For AWS_REGION. */
const HOME_REGIONS: Readonly<Record<PartitionName, string>> = {
  aws: 'us-east-1',
  'aws-cn': 'cn-north-1',
  'aws-us-gov': 'us-gov-west-1',
};

/** With the key pair only where the simulator has made it: a pair of the environment may be one of a real account. */
function printedVariables(simulator: Simulator, region: string): Record<string, string> {
  const all = Object.entries(awsVariables(simulator.url, simulator.credentials, region));
  const isGiven = isPairGiven(simulator);
  return Object.fromEntries(all.filter(([name]) => !(isGiven && SECRETS.includes(name))));
}

function isPairGiven({ credentials }: Simulator): boolean {
  return credentials.secretAccessKey === process.env['AWS_SECRET_ACCESS_KEY'];
}

/** Resolves at the first SIGINT, SIGTERM or SIGHUP; a second one ends the process at once. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => resolve());
    }
  });
}
