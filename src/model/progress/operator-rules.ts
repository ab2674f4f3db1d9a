/** When `retry` and `skip` of a region make no sense: the reason that the operator reads, or undefined. */

import type { RegionProgress } from './progress.js';

interface Asked {
  readonly regionName: string;
  readonly regionNames: readonly string[];
}

export function retryRefusal(
  region: RegionProgress | undefined,
  asked: Asked & { readonly isRetried: boolean },
): string | undefined {
  const { regionName } = asked;
  if (region === undefined) return unknownRegion(asked);
  switch (region.state) {
    case 'published':
    case 'private':
      return `${regionName} is complete already`;
    case 'failed':
    case 'left-out':
    case 'waiting-for-operator':
      return asked.isRetried ? `${regionName} is already tried again` : undefined;
    default:
      return `${regionName} is under way (${region.state}), and has not failed`;
  }
}

export function skipRefusal(
  region: RegionProgress | undefined,
  asked: Asked & { readonly isRequired: boolean },
): string | undefined {
  const { regionName } = asked;
  if (region === undefined) return unknownRegion(asked);
  if (asked.isRequired) {
    return `${regionName} is a required region, and the image is not published without it; retry it, or cancel the run`;
  }
  switch (region.state) {
    case 'published':
    case 'private':
      return `${regionName} is complete already`;
    case 'publishing':
      return `${regionName} is being made public`;
    default:
      return undefined;
  }
}

function unknownRegion({ regionName, regionNames }: Asked): string {
  return `${regionName} is not a region of this image; its regions are ${regionNames.join(', ')}`;
}
