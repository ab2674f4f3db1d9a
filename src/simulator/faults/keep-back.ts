/** Keeps an answer from the client, for a fault rule. */

import type { IncomingMessage } from 'node:http';
import type { Cloud } from '../cloud.js';
import type { FaultRule } from './fault-rule.js';

/** Ends the connection at once, or hangs first: until the client goes, or for the rule's time. */
export async function keepBack(
  cloud: Cloud,
  { socket }: IncomingMessage,
  rule: FaultRule,
): Promise<void> {
  if (rule.kind === 'hang-request' || rule.kind === 'hang-answer') {
    const gone = new Promise<void>((resolve) => {
      if (socket.destroyed) resolve();
      else socket.once('close', resolve);
    });
    const ways = rule.delayMs > 0 ? [gone, cloud.clock.sleep(rule.delayMs)] : [gone];
    await Promise.race(ways);
  }
  socket.resetAndDestroy();
}
