/** `fedimg worker`: runs the worker until SIGINT or SIGTERM; it then returns its tasks to Temporal. */

import { EC2Client } from '@aws-sdk/client-ec2';
import { Command } from 'commander';
import type { Config } from '../config/schema.js';
import type { LogLevel } from '../model/log-level.js';
import { loadConfig } from '../config/load.js';
import { keepHeapsSmall } from '../worker/heap.js';
import { workerVersion } from '../worker-version.js';
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
    notes: `Temporal is configured by its own variables and profiles (TEMPORAL_ADDRESS, ...), AWS by its default chain and AWS_ENDPOINT_URL.
With FEDIMG_BUILD_ID the worker is a version of a Temporal worker deployment, named as fedimg's deployment or by
TEMPORAL_DEPLOYMENT_NAME: an image run ends on the version that it began with. docs/production.md has the upgrade.`,
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
  keepHeapsSmall();
  terminalOf(command);
  const options = globalOptions(command);
  const path = options.config === undefined ? {} : { path: options.config };
  const { config, file } = await loadConfig({ ...path, env: process.env, cwd: process.cwd() });
  const version = workerVersion(process.env, config.deployment);
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
  const onReady = (stateOf: () => string): void => {
    manager.ready(`polls the task queue ${config.worker.taskQueue}`);
    observation.monitor(stateOf);
  };
  try {
    await runWorker({ ...{ config, log, version, ...observation.worker }, onReady });
  } catch (error) {
    throw await connectionProblem(error);
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

/** Errors of the connection in the words of the client commands; other errors stay as they are. */
async function connectionProblem(error: unknown): Promise<unknown> {
  const isTransport = error instanceof Error && error.name === 'TransportError';
  const [{ connectFailure, temporalAddress }, { clientErrorOf }, { temporalSettings }] =
    await Promise.all([
      import('../client/connection.js'),
      import('../client/errors.js'),
      import('../temporal-settings.js'),
    ]);
  if (error instanceof Error && error.name === 'TemporalSettingsError') return error;
  const { address } = temporalAddress({ env: process.env });
  if (!isTransport) return clientErrorOf(error, address);
  return connectFailure(error, address, temporalSettings().connectionOptions.tls);
}
