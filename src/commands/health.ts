/** `fedimg health`: for service managers and containers; asks a running process of this machine whether it works. */

import { Command } from 'commander';
import { LISTEN_ADDRESS_EXAMPLES, parseListenAddress } from '../model/listen-address.js';
import { finish, withHelp } from './shared/command-help.js';
import { EXIT, type ExitCode } from './shared/exit-codes.js';
import { terminalOf } from './shared/options.js';
import { CommandError, usageError } from './shared/problem.js';

/** A process that is so late does not work; Docker's own bound is often 10 s. */
const ANSWER_WITHIN_MS = 5_000;

export function createCommand(): Command {
  const command = new Command('health').argument(
    '[address]',
    'where the process serves its metrics, or its page; by default FEDIMG_METRICS',
  );
  withHelp(command, {
    examples: [
      'fedimg health 127.0.0.1:9464        # a worker that was started with --metrics 127.0.0.1:9464',
      'fedimg health 127.0.0.1:8300        # a dashboard',
    ],
    notes: `Exits with 0 if the process works, with 1 if it says that it does not (a worker that starts or drains, a listener
without its broker), and with 5 if it does not answer. It reads no configuration and asks neither Temporal nor AWS.`,
  });
  command.action(async (address?: string) => finish(await run(command, address)));
  return command;
}

async function run(command: Command, given: string | undefined): Promise<ExitCode> {
  const terminal = terminalOf(command);
  const { host, port } = addressOf(given ?? process.env['FEDIMG_METRICS']);
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}/healthz`;
  const { status, text } = await ask(url);
  terminal.result(text);
  return status === 200 ? EXIT.done : EXIT.failed;
}

function addressOf(text: string | undefined): { readonly host: string; readonly port: number } {
  if (text === undefined || text === '') {
    const next = `Give one, as ${LISTEN_ADDRESS_EXAMPLES}, or set FEDIMG_METRICS.`;
    throw usageError('the address of the process is missing', next);
  }
  const address = parseListenAddress(text);
  if (address === undefined) {
    throw usageError(`${text} is not an address`, `Give ${LISTEN_ADDRESS_EXAMPLES}.`);
  }
  // A process that listens at all addresses of this machine is asked at the local one.
  const local = { '0.0.0.0': '127.0.0.1', '::': '::1' }[address.host];
  return { ...address, host: local ?? address.host };
}

async function ask(url: string): Promise<{ readonly status: number; readonly text: string }> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    return { status: response.status, text: (await response.text()).trim() };
  } catch (error) {
    const { cause, message } = error as Error;
    throw new CommandError(
      {
        what: `${url} does not answer`,
        why: cause instanceof Error ? cause.message : message,
        next: 'Look at the log of the process. A worker or listener needs --metrics ADDRESS or FEDIMG_METRICS.',
        exitCode: EXIT.unreachable,
      },
      { cause: error },
    );
  }
}
