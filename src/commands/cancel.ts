/** `fedimg cancel`: cancels a publication, which then removes what is not yet public. */

import { Command } from 'commander';
import { cancelPublication } from '../client/cancel.js';
import { idOf, watchCommand } from './shared/again.js';
import { finish, withHelp } from './shared/command-help.js';
import { EXIT, type ExitCode } from './shared/exit-codes.js';
import type { OperatorOptions } from './shared/operator-options.js';
import { addOperatorOptions, operatorOf } from './shared/operator-options.js';
import { configSource, outputFormat, terminalOf } from './shared/options.js';
import { withSession } from './shared/with-session.js';

export function createCommand(): Command {
  const command = new Command('cancel').argument(
    '<id>',
    'a compose with all its images, an image, or @latest',
  );
  addOperatorOptions(command);
  withHelp(command, {
    examples: ['fedimg cancel Fedora-Cloud-43-20251021.0', 'fedimg cancel @latest'],
    notes:
      'What is public already stays. Use this command, not "Terminate" in the Temporal UI: a terminated run leaves its resources.',
  });
  command.action(async (id: string, options: OperatorOptions) => {
    finish(await run(command, id, options));
  });
  return command;
}

/** A terminated run has no undo: its instances may live until the dead-man timer or the sweep ends them. */
const TERMINATED_NEXT =
  'A terminated run removes nothing: its instances and snapshots may still be there. To list them: fedimg sweep --dry-run --verbose; to remove them: fedimg sweep';

async function run(command: Command, id: string, options: OperatorOptions): Promise<ExitCode> {
  const operator = operatorOf(options);
  const format = outputFormat(command, ['table', 'json', 'jsonl']);
  const terminal = terminalOf(command);
  return withSession(configSource(command), async ({ session }) => {
    const cancelled = await cancelPublication(session, id, operator);
    const { publication, requested } = cancelled;
    const name = idOf(publication);
    if (requested) {
      terminal.note(`${name}: cancellation requested. The run removes what is not yet public.`);
      terminal.note(`Watch it: ${watchCommand(publication)}`);
    } else {
      terminal.note(`${name}: already closed (${publication.execution.toLowerCase()}), no change`);
      if (publication.execution === 'TERMINATED') terminal.note(TERMINATED_NEXT);
    }
    if (publication.link !== null) terminal.note(publication.link);
    if (format === 'table') terminal.result(publication.workflowId);
    else terminal.result(JSON.stringify(cancelled, null, format === 'json' ? 2 : 0));
    return EXIT.done;
  });
}
