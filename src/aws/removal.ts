/** The removal of one resource, by its type. */

import type { ResourceType } from '../model/sweep/sweep.js';
import { deregisterImage } from './images.js';
import { endInstance } from './instances.js';
import type { RegionAccess } from './region-access.js';
import { deleteSnapshot } from './snapshots.js';
import { deleteVolume } from './volumes.js';

type Remove = (ec2: RegionAccess, id: string, signal: AbortSignal) => Promise<unknown>;

const REMOVE: Readonly<Record<ResourceType, Remove>> = {
  instance: endInstance,
  volume: deleteVolume,
  image: deregisterImage,
  snapshot: deleteSnapshot,
};

/** Removes it; an instance is waited for until it is gone. Rejects with AWS's error when AWS refuses. */
export async function removeResource(
  ec2: RegionAccess,
  { type, id }: { readonly type: ResourceType; readonly id: string },
  signal: AbortSignal,
): Promise<void> {
  await REMOVE[type](ec2, id, signal);
}
