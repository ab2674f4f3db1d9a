/** Reports what happened to a compose's message, for `compose signal` and the demo. */

import type { Started } from '../../client/start.js';
import type { Outcome } from '../../client/status.js';
import type { ComposeMessage } from '../../model/compose/compose-message.js';
import type { Terminal } from '../view/terminal.js';

export function noteComposeStarted(
  terminal: Terminal,
  { composeId, status }: ComposeMessage,
  { state, workflowId, link, warning, outcome }: Started & { readonly outcome?: Outcome },
): void {
  const published =
    outcome === 'partly-published'
      ? `partly published before, and unchanged; to see what is missing: fedimg amis --compose ${composeId}`
      : 'already published, no change';
  const text = {
    started: `${composeId}: ${status}, publication started as ${workflowId}`,
    running: `${composeId}: ${status} sent to ${workflowId}, which was already running`,
    published: `${composeId}: ${published}`,
    ended: `${composeId}: already ended without an image, no change`,
  }[state];
  terminal.note(text);
  if (link !== null) terminal.note(link);
  if (warning !== null) terminal.note(terminal.paintNote('yellow', warning));
}
