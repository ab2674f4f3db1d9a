/** The exact commands that a user may need next. */

import { COMPOSE_ID_CHARS_MAX } from '../compose/compose.js';
import type { ComposeMessage } from '../compose/compose-message.js';
import { BY_HAND, composeIdOf } from '../ids/workflow-ids.js';
import type { ImageRequest } from '../plan/plan.js';
import type { FailureReport } from './failure-report.js';

export interface Named {
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

/** Whether an image was published by hand: then no compose publishes it again. */
export function isByHand({ kind, workflowId }: Named): boolean {
  return kind === 'image' && workflowId.split('/').includes(BY_HAND);
}

/** Sends a compose's message again. */
export function signalCommand({ composeId, status, label, location }: ComposeMessage): string {
  const body = {
    compose_id: composeId,
    status,
    ...(label === undefined ? {} : { compose_label: label }),
    ...(location === undefined ? {} : { location }),
  };
  return `echo ${shellQuoted(JSON.stringify(body))} | fedimg compose signal -`;
}

/** Publishes an image by hand again. */
export function publishCommand({ composeId, release, image }: ImageRequest): string {
  const parts = ['fedimg publish', shellQuoted(image.url), `--arch ${image.arch}`];
  if (image.sha256 !== '') parts.push(`--sha256 ${image.sha256}`);
  // Without a compose, the compose id is the image's name, cut to the length of an id.
  const isNamed = composeId !== image.name.slice(0, COMPOSE_ID_CHARS_MAX);
  if (isNamed) parts.push(`--compose ${composeId}`);
  if (release !== 'unknown') parts.push(`--release ${release}`);
  return parts.join(' ');
}

/**
 * Publishes an image by hand again after it failed. A checksum that the file does not have is not given again, and what
 * AWS or fedimg refused would be refused again until its cause is corrected.
 */
export function publishAgain(
  request: ImageRequest,
  failure: Pick<FailureReport, 'code' | 'class'> | null,
): { readonly what: string; readonly command: string } {
  if (failure?.code !== 'checksum-mismatch') {
    const what =
      failure?.class === 'refused' ? 'publish again when the cause is corrected' : 'publish again';
    return { what, command: publishCommand(request) };
  }
  const unchecked = { ...request, image: { ...request.image, sha256: '' } };
  const what = 'publish again without the checksum, or add the right one with --sha256';
  return { what, command: publishCommand(unchecked) };
}

export function shellQuoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
