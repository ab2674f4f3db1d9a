/** What `publish` and `compose signal` do for a publication that is under way: they try its held regions again. */

import { retryHeldRegions } from '../../client/held-regions.js';
import type { Session } from '../../client/session.js';
import type { Started } from '../../client/start.js';
import type { Terminal } from '../view/terminal.js';
import { operatorOf } from './operator-options.js';

/** The user has asked for the whole publication; prints the regions that are tried again. Throws `ClientError`. */
export async function retryHeld(
  session: Session,
  { started, terminal, reason }: { started: Started; terminal: Terminal; reason: string },
): Promise<void> {
  if (started.state !== 'running') return;
  const regions = await retryHeldRegions(session, started, operatorOf({ reason }));
  if (regions.length > 0) terminal.note(`tried again: ${regions.join(', ')}`);
}
