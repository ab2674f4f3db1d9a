/** `fedimg notify test`: sends a sample by each configured channel, now and without Temporal. */

import { Command } from 'commander';
import { loadConfig } from '../config/load.js';
import type { Channel } from '../model/notification.js';
import { sampleNotification } from '../model/notification.js';
import { configuredChannels, deliver } from '../notify/deliver.js';
import { finish, withHelp } from './shared/command-help.js';
import { EXIT, type ExitCode } from './shared/exit-codes.js';
import { globalOptions, outputFormat, terminalOf } from './shared/options.js';
import { CommandError } from './shared/problem.js';
import { configOfUser } from './shared/with-session.js';

interface Sent {
  readonly channel: Channel;
  readonly sent: boolean;
  readonly reason?: string;
  readonly next?: string;
}

export function createCommand(): Command {
  const command = new Command('notify');
  const test = withHelp(new Command('test').description('send a sample by each channel'), {
    examples: ['fedimg notify test', 'fedimg notify test -o json'],
    notes: `Reads [notify] and sends one notification by the webhook and one by e-mail, with the templates of the
configuration. It needs neither Temporal nor AWS. Exits with 1 when a receiver did not accept it.`,
  });
  test.action(async () => finish(await run(test)));
  return command.addCommand(test);
}

async function run(command: Command): Promise<ExitCode> {
  const format = outputFormat(command, ['table', 'json', 'jsonl']);
  const terminal = terminalOf(command);
  const { env } = process;
  const path = await configOfUser({ config: globalOptions(command).config, env });
  const { config, file } = await loadConfig({ ...path, env, cwd: process.cwd() });
  const channels = configuredChannels(config.notify);
  if (channels.length === 0) throw noChannel(file);
  const notification = sampleNotification(config.deployment, new Date());
  const { signal } = new AbortController();
  const results = await Promise.all(
    channels.map(async (channel): Promise<Sent> => {
      try {
        await deliver(config.notify, { channel, notification }, { env, signal });
        return { channel, sent: true };
      } catch (error) {
        if (!(error instanceof Error) || error.name !== 'NotifyError') throw error;
        const { next } = error as Error & { readonly next: string };
        return { channel, sent: false, reason: error.message, next };
      }
    }),
  );
  if (format === 'json') terminal.result(JSON.stringify(results, null, 2));
  for (const { channel, sent, reason = '', next = '', ...rest } of results) {
    if (format === 'jsonl')
      terminal.result(JSON.stringify({ channel, sent, reason, next, ...rest }));
    if (format === 'table') terminal.result(`${channel}: ${sent ? 'accepted' : reason}`);
  }
  const failed = results.filter(({ sent }) => !sent);
  for (const { next = '' } of format === 'table' ? failed : []) terminal.note(next);
  return failed.length === 0 ? EXIT.done : EXIT.failed;
}

function noChannel(file: string): CommandError {
  return new CommandError({
    what: `${file} names no channel for notifications`,
    next: 'Set notify.webhook.url (or url_file), or notify.mail.server with from and to; docs/monitoring.md has examples.',
    exitCode: EXIT.usage,
  });
}
