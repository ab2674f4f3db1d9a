/** The exact commands that a user may want next. */

import { COMPOSE_ID_CHARS_MAX } from '../../model/compose/compose.js';
import type { ComposeStatus, ImageStatus, PublicationStatus } from '../../client/status.js';

interface Named {
  readonly kind: 'compose' | 'image';
  readonly workflowId: string;
}

/** What `fedimg status` takes: a compose's id, or an image's workflow id. */
export function idOf({ kind, workflowId }: Named): string {
  return kind === 'compose' ? workflowId.replace(/^compose\//, '') : workflowId;
}

export function watchCommand(publication: Named): string {
  return `fedimg status ${idOf(publication)} --watch`;
}

/** The line that publishes again what failed; undefined when nobody knows what it was. */
export function againCommand(status: PublicationStatus): string | undefined {
  return status.kind === 'compose' ? signalAgain(status) : publishAgain(status);
}

function signalAgain({ message }: ComposeStatus): string | undefined {
  if (message === null) return undefined;
  const { composeId, status, label, location } = message;
  const body = {
    compose_id: composeId,
    status,
    ...(label === undefined ? {} : { compose_label: label }),
    ...(location === undefined ? {} : { location }),
  };
  return `echo ${shellQuoted(JSON.stringify(body))} | fedimg compose signal -`;
}

/** An image of a compose is published again by its compose. */
function publishAgain({ request, child }: ImageStatus): string | undefined {
  if (request === null) return undefined;
  const { composeId, release, image } = request;
  if (child) return `fedimg status ${composeId}`;
  const parts = ['fedimg publish', shellQuoted(image.url), `--arch ${image.arch}`];
  if (image.sha256 !== '') parts.push(`--sha256 ${image.sha256}`);
  // Without a compose the name stands in its place, as much of it as an id may have.
  const isNamed = composeId !== image.name.slice(0, COMPOSE_ID_CHARS_MAX);
  if (isNamed) parts.push(`--compose ${composeId}`);
  if (release !== 'unknown') parts.push(`--release ${release}`);
  return parts.join(' ');
}

export function shellQuoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
