/** A publication that is asked for again while it is under way: its regions that wait for the operator are tried again. */

import type { OperatorInput } from '../contract.js';
import { act } from './operator.js';
import type { RunRef, Session } from './session.js';
import type { ImageStatus } from './status.js';
import { readStatus } from './status.js';

/**
 * The regions that are tried again, in all images of the run. A region that the operator has skipped stays left out.
 * Without a worker the states are not known, and the regions wait on. Throws `ClientError`.
 */
export async function retryHeldRegions(
  session: Session,
  run: RunRef,
  operator: OperatorInput,
): Promise<string[]> {
  const status = await readStatus(session, run);
  const images = status.kind === 'compose' ? status.images : [status];
  const tried = await Promise.all(
    images.map(async (image) => {
      const regions = heldRegions(image);
      if (regions.length === 0) return [];
      // It refuses when another operator was faster.
      const { changed } = await act(session, image, 'retry', { ...operator, regions });
      return changed ? regions : [];
    }),
  );
  return [...new Set(tried.flat())].sort();
}

function heldRegions({ outcome, note, progress }: ImageStatus): string[] {
  if (outcome !== 'running' || note !== null) return [];
  return (progress?.regions ?? [])
    .filter(({ state }) => state === 'waiting-for-operator')
    .map(({ region }) => region);
}
