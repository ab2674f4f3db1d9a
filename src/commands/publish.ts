/** `fedimg publish`: publishes one image by hand. */

import { Command } from 'commander';
import { imageRequestByHand } from '../client/image-request.js';
import type { Started } from '../client/start.js';
import { startImage } from '../client/start.js';
import type { Arch } from '../model/compose/compose.js';
import { watchCommand } from './shared/again.js';
import { printOutcome } from './view/ami-output.js';
import { finish, withHelp } from './shared/command-help.js';
import { EXIT, type ExitCode } from './shared/exit-codes.js';
import type { FollowOptions } from './shared/follow.js';
import { addFollowOptions, follow } from './shared/follow.js';
import { configSource, outputFormat, parseArch, parseSize, terminalOf } from './shared/options.js';
import { statusJson } from './view/status-json.js';
import { retryHeld } from './shared/retry-held.js';
import { statusLines } from './view/status-view.js';
import type { Terminal } from './view/terminal.js';
import { failureJson } from './shared/problem.js';
import { withSession } from './shared/with-session.js';

interface PublishOptions extends FollowOptions {
  readonly arch: Arch;
  readonly sha256?: string;
  readonly size?: number;
  readonly compose?: string;
  readonly release?: string;
}

export function createCommand(): Command {
  const command = new Command('publish')
    .argument('<url>', 'URL of a .raw.xz; source.allow must allow it')
    .requiredOption('--arch <arch>', 'x86_64 or aarch64', parseArch)
    .option(
      '--sha256 <hash>',
      'sha256 of the compressed file; without it the download is not verified',
    )
    .option('--size <bytes>', 'size of the compressed file', parseSize)
    .option('--compose <id>', "the compose of the image (default: the image's name)")
    .option('--release <release>', 'such as 43 (default: from the name)');
  addFollowOptions(command);
  withHelp(command, {
    examples: [
      'fedimg publish http://127.0.0.1:8000/disk.raw.xz --arch x86_64 --watch',
      'fedimg publish https://dl.fedoraproject.org/.../Fedora-Cloud-Base-AmazonEC2-43-1.6.x86_64.raw.xz \\',
      '  --arch x86_64 --sha256 HASH --wait -o json',
    ],
    notes: 'With --wait or --watch it prints the AMIs. An image has one run at a time.',
  });
  command.action(async (url: string, options: PublishOptions) => {
    finish(await run(command, url, options));
  });
  return command;
}

async function run(command: Command, url: string, options: PublishOptions): Promise<ExitCode> {
  const format = outputFormat(command, ['table', 'json', 'jsonl', 'name']);
  const terminal = terminalOf(command);
  const request = imageRequestByHand({ url, ...options, sizeBytes: options.size });
  return withSession(configSource(command), async ({ session, start }) => {
    const started = await startImage(session, request, start);
    noteStarted(terminal, started);
    await retryHeld(session, { started, terminal, reason: 'the image is published again' });
    if (options.wait !== true && options.watch !== true) {
      if (format === 'table' || format === 'name') terminal.result(started.workflowId);
      else terminal.result(JSON.stringify(started, null, format === 'json' ? 2 : 0));
      return EXIT.done;
    }
    const run = { ...started, kind: 'image' as const };
    const events = format === 'jsonl' && options.watch === true;
    const { status, exitCode } = await follow(session, run, {
      ...options,
      terminal,
      ...(events ? { onChange: (one) => terminal.result(JSON.stringify(statusJson(one))) } : {}),
    });
    if (status.outcome === 'already-published') {
      terminal.note('already published, no change');
    }
    const isJson = format === 'json' || format === 'jsonl';
    if (isJson && status.failure !== null) {
      terminal.note(failureJson(status.failure, exitCode));
    } else if (status.kind === 'image' && status.result === null) {
      const view = { paint: terminal.paintNote, nowMs: Date.now() };
      terminal.note(statusLines(status, view).join('\n'));
    }
    // The last event has the outcome, the AMIs and the failure.
    if (!events) await printOutcome(terminal, format, { session, status });
    return exitCode;
  });
}

function noteStarted(terminal: Terminal, { state, workflowId, link, warning }: Started): void {
  const what = state === 'running' ? 'already being published' : 'publication started';
  terminal.note(`${workflowId}: ${what}`);
  if (link !== null) terminal.note(link);
  if (warning !== null) terminal.note(terminal.paintNote('yellow', warning));
  terminal.note(`Watch it: ${watchCommand({ kind: 'image', workflowId })}`);
}
