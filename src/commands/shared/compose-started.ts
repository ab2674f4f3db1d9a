/** What `compose signal` and the demo say when a compose's message was taken. */

import type { Started } from '../../client/start.js';
import type { Outcome } from '../../client/status.js';
import type { ComposeMessage } from '../../model/compose/compose-message.js';
import type { Terminal } from '../view/terminal.js';

export function sayComposeStarted(
  terminal: Terminal,
  { composeId, status }: ComposeMessage,
  { state, workflowId, link, outcome }: Started & { readonly outcome?: Outcome },
): void {
  const published =
    outcome === 'partly-published'
      ? `published in part before, and left as it is; what is missing: fedimg amis --compose ${composeId}`
      : 'already published, nothing to do';
  const said = {
    started: `${composeId}: ${status}, publication started as ${workflowId}`,
    running: `${composeId}: ${status} sent to ${workflowId}, which is running already`,
    published: `${composeId}: ${published}`,
    ended: `${composeId}: ended before without an image, nothing to do`,
  }[state];
  terminal.note(said);
  if (link !== null) terminal.note(link);
}
