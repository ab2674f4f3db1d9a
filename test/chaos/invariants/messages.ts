/** What the world is told. */

import type { Evidence, RunStatus } from '../evidence.js';
import { ownOf } from './leftovers.js';

const CLOSED_BY_ITSELF: readonly RunStatus[] = ['COMPLETED', 'FAILED', 'CANCELLED'];

/**
 * I5: who hears of an AMI must find it public; who finds it public must have heard of it when the run has closed by
 * itself; nothing is completed that was not started; and no message is refused, for each has its schema.
 */
export function messages(evidence: Evidence): string[] {
  const { messages: sent, listing, swept, status, result, progress } = evidence;
  const own = ownOf(evidence, swept ?? listing);
  const isPublic = new Set(own.filter((one) => one.public).map(({ id }) => id));
  const told = new Set<string>();
  const seen = new Set<string>();
  // Without a broker there is no outage: what was not accepted broke its schema.
  const refused = result?.unsent ?? progress?.unsent ?? [];
  const wrong = refused.map((reason) => `a message was refused: ${reason}`);
  for (const { topic, messageKey, body } of sent) {
    const id = (body['extra'] as { id?: string } | undefined)?.id;
    if (topic === 'fedimg.image.publish' && id !== undefined) {
      told.add(id);
      if (!isPublic.has(id)) wrong.push(`${id} is said to be published, and is not public`);
    }
    const stem = /^(.*)\/(?:completed|failed)$/.exec(messageKey)?.[1];
    // An upload and the test of one AMI: failed or completed only what was started.
    if (stem !== undefined && !seen.has(`${stem}/started`)) {
      wrong.push(`${messageKey} came before its start`);
    }
    seen.add(messageKey);
  }
  if (!CLOSED_BY_ITSELF.includes(status)) return wrong;
  const silent = own.filter(
    ({ type, id, public: everyone }) => type === 'image' && everyone && !told.has(id),
  );
  return [...wrong, ...silent.map(({ id }) => `${id} is public, and no message says so`)];
}
