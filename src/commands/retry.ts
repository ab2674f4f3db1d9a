/** `fedimg retry`: completes what was left out of a publication, under way or closed. */

import { Command } from 'commander';
import type { Retried } from '../client/retry.js';
import { retryPublication } from '../client/retry.js';
import { idOf, watchCommand } from './shared/again.js';
import { finish, withHelp } from './shared/command-help.js';
import { EXIT, type ExitCode } from './shared/exit-codes.js';
import type { FollowOptions } from './shared/follow.js';
import { addFollowOptions, follow } from './shared/follow.js';
import { ID_HELP } from './shared/operator-command.js';
import type { OperatorOptions } from './shared/operator-options.js';
import { addOperatorOptions, operatorOf } from './shared/operator-options.js';
import { collectRegion, configSource, outputFormat, terminalOf } from './shared/options.js';
import { withSession } from './shared/with-session.js';
import { printStatus } from './status.js';
import type { Terminal } from './view/terminal.js';

interface RetryOptions extends OperatorOptions, FollowOptions {
  readonly region?: readonly string[];
}

export function createCommand(): Command {
  const command = new Command('retry')
    .argument('<id>', ID_HELP)
    .option(
      '--region <region>',
      'only this region; may be repeated (default: all that were left out)',
      collectRegion,
    );
  addOperatorOptions(command);
  addFollowOptions(command);
  withHelp(command, {
    examples: [
      'fedimg retry Fedora-Cloud-43-20251021.0 --region ap-east-1 --watch',
      'fedimg retry @latest --reason "the quota is raised"',
    ],
    notes:
      'An image that is under way tries the region again. For a closed image a new run adds the missing AMIs from the snapshot that was tested, without a new write or test. An image without public AMIs is published again.',
  });
  command.action(async (id: string, options: RetryOptions) => {
    finish(await run(command, id, options));
  });
  return command;
}

async function run(command: Command, id: string, options: RetryOptions): Promise<ExitCode> {
  const format = outputFormat(command, ['table', 'json', 'jsonl']);
  const terminal = terminalOf(command);
  const operator = operatorOf(options);
  return withSession(configSource(command), async ({ session, start }) => {
    const { taskQueue, timeScale = 1 } = start;
    const regions = options.region ?? [];
    const retried = await retryPublication(session, id, {
      taskQueue,
      timeScale,
      regions,
      operator,
    });
    noteRetried(terminal, retried);
    const waits = options.wait === true || options.watch === true;
    if (!waits) {
      if (format === 'table') terminal.result(idOf(retried.publication));
      else terminal.result(JSON.stringify(retried, null, format === 'json' ? 2 : 0));
      return EXIT.done;
    }
    const { kind, workflowId } = retried.publication;
    const [started] = retried.started.filter((one) => one.workflowId === workflowId);
    const followed = { ...(started ?? retried.publication), kind };
    const { status, exitCode } = await follow(session, followed, { ...options, terminal });
    printStatus(terminal, format, status);
    return exitCode;
  });
}

function noteRetried(terminal: Terminal, { publication, images, started }: Retried): void {
  for (const { workflowId, changed, refusal } of images) {
    const done = changed ? 'the regions are tried again' : 'no region is left out, no change';
    terminal.note(`${workflowId}: ${refusal ?? done}`);
  }
  for (const { workflowId, state } of started) {
    const what = state === 'running' ? 'is already under way' : 'a new run adds what is missing';
    terminal.note(`${workflowId}: ${what}`);
  }
  if (images.length === 0 && started.length === 0) {
    terminal.note(`${idOf(publication)}: complete already, no change`);
  }
  terminal.note(`Watch it: ${watchCommand(publication)}`);
}
