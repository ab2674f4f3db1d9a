/** `fedimg worker`: runs the worker until SIGINT or SIGTERM; it then returns its tasks to Temporal. */

import { EC2Client } from '@aws-sdk/client-ec2';
import { Command } from 'commander';
import type { Config } from '../config/schema.js';
import type { LogLevel } from '../model/log-level.js';
import { loadConfig } from '../config/load.js';
import { finish, withHelp } from './shared/command-help.js';
import { EXIT } from './shared/exit-codes.js';
import { createLog } from './shared/log.js';
import { logLevelOption } from './shared/log-level.js';
import { METRICS_HELP, metricsAddress } from './shared/metrics.js';
import { globalOptions, terminalOf } from './shared/options.js';
import { serviceManager } from './shared/service-manager.js';

interface WorkerCommandOptions {
  readonly logLevel?: LogLevel;
  readonly metrics?: string;
}

export function createCommand(): Command {
  const command = logLevelOption(new Command('worker')).option(
    '--metrics <address>',
    `${METRICS_HELP}, as 127.0.0.1:9464`,
  );
  withHelp(command, {
    examples: [
      'fedimg worker --config /etc/fedimg.toml --metrics 127.0.0.1:9464',
      'TEMPORAL_ADDRESS=temporal.example.org:7233 AWS_PROFILE=images fedimg worker',
    ],
    notes:
      'Temporal is configured by its own variables and profiles (TEMPORAL_ADDRESS, ...), AWS by its default chain and AWS_ENDPOINT_URL.',
  });
  command.action(async (options: WorkerCommandOptions) => {
    await run(command, options);
    finish(EXIT.done);
  });
  return command;
}

async function run(
  command: Command,
  { logLevel, metrics: option }: WorkerCommandOptions,
): Promise<void> {
  terminalOf(command);
  const options = globalOptions(command);
  const path = options.config === undefined ? {} : { path: options.config };
  const { config, file } = await loadConfig({ ...path, env: process.env, cwd: process.cwd() });
  await requireAwsCredentials(config);
  const address = metricsAddress({ option, configured: config.metrics.worker, env: process.env });
  const log = createLog(logLevel ?? config.log.level, config.log);
  log.info({ file, deployment: config.deployment }, 'configuration loaded');
  const [{ runWorker }, { openObservation }] = await Promise.all([
    import('../worker/worker.js'),
    import('./shared/observation.js'),
  ]);
  const observation = await openObservation({ config, log, address, env: process.env });
  const manager = serviceManager(log);
  const onReady = (): void => {
    manager.ready(`polls the task queue ${config.worker.taskQueue}`);
    observation.monitor();
  };
  try {
    await runWorker({ config, log, ...observation.worker, onReady });
  } catch (error) {
    throw isTransportError(error) ? await temporalUnreachable(error) : error;
  } finally {
    manager.close();
    await observation.close();
  }
}

/** Without credentials a worker would accept tasks and fail at every call. */
async function requireAwsCredentials(config: Config): Promise<void> {
  const client = new EC2Client({ region: config.amis[0].region });
  try {
    await client.config.credentials();
  } finally {
    client.destroy();
  }
}

function isTransportError(error: unknown): error is Error {
  return error instanceof Error && error.name === 'TransportError';
}

async function temporalUnreachable(error: Error): Promise<Error> {
  const [{ temporalAddress }, { unreachable }] = await Promise.all([
    import('../client/connection.js'),
    import('../client/errors.js'),
  ]);
  const { address } = temporalAddress({ env: process.env });
  return unreachable(address, error.message, error);
}
