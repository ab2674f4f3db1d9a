/** `fedimg worker`: the worker, until SIGINT or SIGTERM lets it hand back what it holds. */

import { EC2Client } from '@aws-sdk/client-ec2';
import { Command } from 'commander';
import { destination, pino, type Logger } from 'pino';
import pretty from 'pino-pretty';
import type { Config } from '../config/schema.js';
import { loadConfig } from '../config/load.js';
import { finish, withHelp } from './command-help.js';
import { EXIT } from './exit-codes.js';
import { globalOptions, terminalOf } from './options.js';
import { CommandError, usageError } from './problem.js';
import { usesColor } from './terminal.js';

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;

interface WorkerCommandOptions {
  readonly logLevel: string;
}

export function createCommand(): Command {
  const command = new Command('worker').option('--log-level <level>', LEVELS.join(', '), 'info');
  withHelp(command, {
    examples: [
      'fedimg worker --config /etc/fedimg.toml',
      'TEMPORAL_ADDRESS=temporal.example.org:7233 AWS_PROFILE=images fedimg worker',
    ],
    notes:
      'Temporal: its own variables and profiles (TEMPORAL_ADDRESS, ...). AWS: the usual chain, AWS_ENDPOINT_URL included.',
  });
  command.action(async (options: WorkerCommandOptions) => {
    await run(command, options);
    finish(EXIT.done);
  });
  return command;
}

async function run(command: Command, { logLevel }: WorkerCommandOptions): Promise<void> {
  terminalOf(command);
  const level = LEVELS.find((one) => one === logLevel);
  if (level === undefined) {
    throw usageError(`--log-level ${logLevel} is unknown`, `Allowed: ${LEVELS.join(', ')}.`);
  }
  const options = globalOptions(command);
  const path = options.config === undefined ? {} : { path: options.config };
  const { config, file } = await loadConfig({ ...path, env: process.env, cwd: process.cwd() });
  await requireAwsCredentials(config);
  const log = createLog(level);
  log.info({ file, deployment: config.deployment }, 'configuration is read');
  const { runWorker } = await import('../worker/worker.js');
  try {
    await runWorker({ config, log });
  } catch (error) {
    throw isTransportError(error) ? temporalUnreachable(error) : error;
  }
}

/** JSON lines for machines, readable ones for a terminal; always on stderr. */
function createLog(level: string): Logger {
  if (process.stderr.isTTY) {
    const colorize = usesColor(process.stderr, process.env, 'auto');
    return pino(
      { level },
      pretty({ destination: 2, sync: true, colorize, ignore: 'pid,hostname' }),
    );
  }
  return pino({ level }, destination({ dest: 2, sync: true }));
}

/** A worker without credentials would take up work and fail at every call. */
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

function temporalUnreachable(error: Error): CommandError {
  const address =
    process.env['TEMPORAL_ADDRESS'] ?? 'the address of the profile, or 127.0.0.1:7233';
  return new CommandError(
    {
      what: `No Temporal server answers at ${address}: ${error.message}`,
      next: 'Is Temporal running? Start one with `fedimg dev`, or set TEMPORAL_ADDRESS (HOST:PORT).',
      exitCode: EXIT.unreachable,
    },
    { cause: error },
  );
}
