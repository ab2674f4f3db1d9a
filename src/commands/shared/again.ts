/** The command that publishes a failed compose or image again. */

import type { ComposeStatus, ImageStatus, PublicationStatus } from '../../client/status.js';
import { publishAgain as again, signalCommand } from '../../model/status/commands.js';

export {
  approveCommand,
  idOf,
  regionsCommand,
  resumeCommand,
  shellQuoted,
  watchCommand,
} from '../../model/status/commands.js';

/** Undefined when the request is unknown. */
export function againCommand(status: PublicationStatus): string | undefined {
  return status.kind === 'compose' ? signalAgain(status) : publishAgain(status);
}

function signalAgain({ message }: ComposeStatus): string | undefined {
  return message === null ? undefined : signalCommand(message);
}

/** An image of a compose is published again through its compose. */
function publishAgain({ request, child, failure }: ImageStatus): string | undefined {
  if (request === null) return undefined;
  return child ? `fedimg status ${request.composeId}` : again(request, failure).command;
}
