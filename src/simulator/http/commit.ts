/** What is kept of a request before it is answered: the journal's changes and a line of the effect log. */

import type { IncomingMessage } from 'node:http';
import type { Cloud } from '../cloud.js';
import { regionsOf } from '../regions.js';
import { claimedService } from '../services.js';
import type { ApiRequest } from './api-request.js';
import type { Outcome } from './outcome.js';

const userAgentMax = 4096;

export function userAgentOf(message: IncomingMessage): string {
  return (message.headers['user-agent'] ?? '').slice(0, userAgentMax);
}

interface Committed {
  readonly request: ApiRequest | undefined;
  readonly requestId: string;
  readonly outcome: Outcome;
}

/** Journal first, log second, answer last: what was answered survives a kill at any moment. */
export function commit(
  cloud: Cloud,
  message: IncomingMessage,
  { request, requestId, outcome }: Committed,
): void {
  const { answer, hits } = outcome;
  const late = cloud.store.takeChanges();
  const changed = [...new Set([...(outcome.changed ?? []), ...late])].filter(
    (name) => !name.startsWith('faults/'),
  );
  const resources = [...(outcome.resources ?? []), ...cloud.changes.read(late)].map(
    ({ change }) => change,
  );
  cloud.store.flush();
  const region = request?.region;
  cloud.effects.record({
    kind: 'call',
    service: (request?.service ?? claimedService(message)).name,
    action: /^\w{1,64}$/.test(request?.action ?? '') ? (request?.action ?? '') : 'Unknown',
    region: region !== undefined && regionsOf(cloud).has(region) ? region : 'unknown',
    result: answer.result,
    answered: outcome.keepBack === undefined && !message.socket.destroyed,
    requestId,
    ...(request === undefined
      ? {}
      : { principal: request.principal, request: request.service.protocol.logged(request) }),
    userAgent: userAgentOf(message),
    ...sentAtOf(message),
    ...(changed.length > 0 ? { changed } : {}),
    ...(resources.length > 0 ? { resources } : {}),
    ...(hits.length > 0 ? { faults: hits.map((rule) => rule.id) } : {}),
  });
}

/** The date that Signature Version 4 signs, to the second; absent where the header holds another text. */
function sentAtOf(message: IncomingMessage): { readonly sentAt?: string } {
  const date = String(message.headers['x-amz-date'] ?? '');
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date);
  if (parts === null) return {};
  const [year, month, day, hour, minute, second] = parts.slice(1);
  return { sentAt: `${year}-${month}-${day}T${hour}:${minute}:${second}Z` };
}
