/** A status as JSON: the overview, and beside it what was read of the run. */

import type { PublicationStatus } from '../../client/status.js';
import { overviewOf } from '../../model/status/compose-overview.js';
import { runErrorOf } from '../../model/status/run-error.js';

/** Fields are only ever added to it. */
const SCHEMA = 1;

export function statusJson(read: PublicationStatus): Record<string, unknown> {
  const overview = overviewOf(read);
  const error = runErrorOf(overview);
  const images =
    read.kind === 'compose' ? { images: read.images.map((image) => statusJson(image)) } : {};
  return { schema: SCHEMA, ...read, ...overview, ...images, error };
}
