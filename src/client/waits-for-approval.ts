/** Whether a publication goes on only after a person has approved it. */

import type { PublicationStatus } from './status.js';

/** Of a compose: all its images that are under way wait. */
export function waitsForApproval(status: PublicationStatus): boolean {
  const images = status.kind === 'compose' ? status.images : [status];
  const open = images.filter(({ outcome }) => outcome === 'running');
  return open.length > 0 && open.every(({ progress }) => progress?.hold?.for === 'approval');
}
