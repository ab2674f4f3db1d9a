/** `fedimg compose signal`: the compose signal client. It turns a pungi status message into a signal-with-start. */

import { Command } from 'commander';
import { signalCompose } from '../client/start.js';
import { parseComposeMessage } from '../model/compose/compose-message.js';
import { readStatus } from '../client/status.js';
import { JsonError, parseStrictJson } from '../fetch/strict-json.js';
import { printSummary } from './view/ami-output.js';
import { watchCommand } from './shared/again.js';
import { finish, withHelp } from './shared/command-help.js';
import { noteComposeStarted } from './shared/compose-started.js';
import { EXIT, exitCodeOf, type ExitCode } from './shared/exit-codes.js';
import type { FollowOptions } from './shared/follow.js';
import { addFollowOptions, follow } from './shared/follow.js';
import { configSource, outputFormat, terminalOf } from './shared/options.js';
import { CommandError, usageError } from './shared/problem.js';
import { inputName, readInput } from './shared/read-input.js';
import { retryHeld } from './shared/retry-held.js';
import { printStatus } from './status.js';
import { withSession } from './shared/with-session.js';

/** pungi's messages have under 2 KiB. */
const MESSAGE_BYTES_MAX = 1024 * 1024;

export function createCommand(): Command {
  return new Command('compose').addCommand(signalCommand());
}

function signalCommand(): Command {
  const command = new Command('signal')
    .description(
      "send a compose's status message; it starts the compose, or updates the running one",
    )
    .argument(
      '<file>',
      "pungi's status message (JSON), bare or as the bus or datagrepper has it; - reads it from standard input",
    );
  addFollowOptions(command);
  withHelp(command, {
    examples: [
      'fedimg compose signal message.json --watch',
      'echo \'{"compose_id":"Fedora-Cloud-43-20251021.0","status":"FINISHED",\\',
      '  "location":"https://kojipkgs.fedoraproject.org/compose/cloud/Fedora-Cloud-43-20251021.0/compose"}\' |',
      '  fedimg compose signal -',
    ],
    notes:
      'Safe to repeat: a compose is published once. A failed one runs again, and a partly published one is completed.',
  });
  command.action(async (file: string, options: FollowOptions) => {
    finish(await run(command, file, options));
  });
  return command;
}

async function run(command: Command, file: string, options: FollowOptions): Promise<ExitCode> {
  const format = outputFormat(command, ['table', 'json', 'jsonl']);
  const terminal = terminalOf(command);
  const parsed = parseComposeMessage(await readJson(file));
  if (parsed.kind === 'ignored') {
    terminal.note(`The message is ignored: ${parsed.reason}.`);
    return EXIT.done;
  }
  if (parsed.kind === 'invalid') {
    throw usageError(
      `this is not a status message of a compose:\n  ${parsed.problems.join('\n  ')}`,
      "A message needs compose_id, status and location, as in pungi's pungi.compose.status.change.",
    );
  }
  return withSession(configSource(command), async ({ session, start }) => {
    const started = await signalCompose(session, parsed.message, start);
    const waits = options.wait === true || options.watch === true;
    if (started.state === 'published' || started.state === 'ended') {
      const status = await readStatus(session, started);
      noteComposeStarted(terminal, parsed.message, { ...started, outcome: status.outcome });
      if (waits || format !== 'table') printStatus(terminal, format, status);
      if (waits && format === 'table') await printSummary(terminal, format, { session, status });
      return exitCodeOf(status.outcome);
    }
    noteComposeStarted(terminal, parsed.message, started);
    await retryHeld(session, { started, terminal, reason: 'the compose is signalled again' });
    terminal.note(`Watch it: ${watchCommand({ kind: 'compose', ...started })}`);
    if (!waits) {
      if (format === 'table') terminal.result(started.workflowId);
      else terminal.result(JSON.stringify(started, null, format === 'json' ? 2 : 0));
      return EXIT.done;
    }
    const run = { ...started, kind: 'compose' as const };
    const { status, exitCode } = await follow(session, run, { ...options, terminal });
    printStatus(terminal, format, status);
    if (format === 'table' && status.outcome !== 'running') {
      await printSummary(terminal, format, { session, status });
    }
    return exitCode;
  });
}

/** Reads the message from a file or standard input. */
async function readJson(file: string): Promise<unknown> {
  const content = await readInput(file, {
    what: 'the message',
    next: 'Give the message exactly as pungi sends it; see `fedimg compose signal --help`.',
    bytesMax: MESSAGE_BYTES_MAX,
  });
  return parseMessageText(content.toString('utf8'), inputName(file));
}

/** Parses strict JSON: with a duplicate key, two programs would read two different composes. Throws a usage error. */
export function parseMessageText(content: string, name: string): unknown {
  try {
    return parseStrictJson(content);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    throw new CommandError(
      {
        what: `${name} is not valid JSON: it ${error.message}`,
        next: 'Give the message exactly as pungi sends it; see `fedimg compose signal --help`.',
        exitCode: EXIT.usage,
      },
      { cause: error },
    );
  }
}
