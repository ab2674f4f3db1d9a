/** The exact commands that a user may need next. */

import { COMPOSE_ID_CHARS_MAX } from '../../model/compose/compose.js';
import { composeIdOf } from '../../model/ids/workflow-ids.js';
import type { ComposeStatus, ImageStatus, PublicationStatus } from '../../client/status.js';

interface Named {
  readonly kind: 'compose' | 'image';
  readonly workflowId: string;
}

/** What `fedimg status` takes: a compose's id, or an image's workflow id. */
export function idOf({ kind, workflowId }: Named): string {
  return kind === 'compose' ? composeIdOf(workflowId) : workflowId;
}

export function watchCommand(publication: Named): string {
  return `fedimg status ${idOf(publication)} --watch`;
}

export function approveCommand(publication: Named): string {
  return `fedimg approve ${idOf(publication)}`;
}

export function resumeCommand(publication: Named): string {
  return `fedimg resume ${idOf(publication)}`;
}

export function regionsCommand(
  name: 'retry' | 'skip',
  publication: Named,
  regions: readonly string[],
): string {
  const options = regions.map((region) => ` --region ${region}`).join('');
  return `fedimg ${name} ${idOf(publication)}${options}`;
}

/** The command that publishes a failed compose or image again; undefined when its request is unknown. */
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

/** An image of a compose is published again through its compose. */
function publishAgain({ request, child }: ImageStatus): string | undefined {
  if (request === null) return undefined;
  const { composeId, release, image } = request;
  if (child) return `fedimg status ${composeId}`;
  const parts = ['fedimg publish', shellQuoted(image.url), `--arch ${image.arch}`];
  if (image.sha256 !== '') parts.push(`--sha256 ${image.sha256}`);
  // Without a compose, the compose id is the image's name, cut to the length of an id.
  const isNamed = composeId !== image.name.slice(0, COMPOSE_ID_CHARS_MAX);
  if (isNamed) parts.push(`--compose ${composeId}`);
  if (release !== 'unknown') parts.push(`--release ${release}`);
  return parts.join(' ');
}

export function shellQuoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
