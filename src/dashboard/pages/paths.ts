/** The addresses of the pages: each workflow id has one, and it stays. */

import { composeIdOf } from '../../model/ids/workflow-ids.js';

/** A workflow id as segments of a path. */
function segments(text: string): string {
  return text.split('/').map(encodeURIComponent).join('/');
}

export function composePath(workflowId: string): string {
  return `/compose/${segments(composeIdOf(workflowId))}`;
}

/** The workflow id without the deployment: `/image/COMPOSE/SUBVARIANT/ARCH`. */
export function imagePath(workflowId: string): string {
  return `/${segments(workflowId.replace(/^(?:(?!image\/)[^/]+\/)?image\//, 'image/'))}`;
}

export function publicationPath(one: {
  readonly kind: string;
  readonly workflowId: string;
}): string {
  return one.kind === 'compose' ? composePath(one.workflowId) : imagePath(one.workflowId);
}

/** `path` with these parameters; those that are empty are left out. */
export function withQuery(
  path: string,
  parameters: Readonly<Record<string, string | undefined>>,
): string {
  const given = Object.entries(parameters).filter(
    ([, value]) => value !== undefined && value !== '',
  );
  if (given.length === 0) return path;
  return `${path}?${new URLSearchParams(given as [string, string][]).toString()}`;
}
