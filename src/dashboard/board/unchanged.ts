/** What has not changed since the last reading stays the same object: a reader of one image sees by that whether it changed. */

import { isDeepStrictEqual } from 'node:util';
import type { ImageOverview, Overview } from '../../model/status/overview.js';

/** `fresh`, with the objects of `known` where both are equal. */
export function withKnown(known: Overview | undefined, fresh: Overview): Overview {
  if (known === undefined || isDeepStrictEqual(known, fresh)) return known ?? fresh;
  if (known.kind === 'image' || fresh.kind === 'image') return fresh;
  return { ...fresh, images: fresh.images.map((image) => withKnownImage(known.images, image)) };
}

function withKnownImage(known: readonly ImageOverview[], fresh: ImageOverview): ImageOverview {
  const same = known.find(({ runId }) => runId === fresh.runId);
  return same !== undefined && isDeepStrictEqual(same, fresh) ? same : fresh;
}
