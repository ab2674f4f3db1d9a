/** Volumes: detached, deleted, found by tag. */

import type { Volume } from '@aws-sdk/client-ec2';
import { DeleteVolumeCommand, DetachVolumeCommand } from '@aws-sdk/client-ec2';
import { EC2_SERVICE_EXCEPTION, ServiceError } from '../model/errors.js';
import type { Tags } from '../model/ids/tags.js';
import { awaitState } from './await-state.js';
import { isCode } from './errors.js';
import { listVolumes } from './listing.js';
import { isRefusedBecauseGone } from './refused-because-gone.js';
import type { RegionAccess } from './region-access.js';
import { tagFilters } from './tags.js';

/** Detaches and waits until the volume is free; safe to repeat. */
export async function detachVolume(
  ec2: RegionAccess,
  volumeId: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await ec2.ec2.send(new DetachVolumeCommand({ VolumeId: volumeId }), { abortSignal: signal });
  } catch (error) {
    // It may be detached already, as when the answer to an earlier attempt was lost: the state decides.
    if (!isCode(error, 'IncorrectState', 'InvalidAttachment.NotFound')) throw error;
  }
  await awaitState(
    ec2,
    { poll: ec2.volumes, id: volumeId, expected: { kind: 'volume' } },
    {
      done: ({ State }) => (State === 'available' ? true : undefined),
      missing: () => lost(ec2, volumeId),
    },
    signal,
  );
}

/** Deletes; false when EC2 does not know the volume: it is gone, or not visible yet. */
export async function deleteVolume(
  ec2: RegionAccess,
  volumeId: string,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await ec2.ec2.send(new DeleteVolumeCommand({ VolumeId: volumeId }), { abortSignal: signal });
    return true;
  } catch (error) {
    const volume = { poll: ec2.volumes, id: volumeId };
    const isGone =
      isCode(error, 'InvalidVolume.NotFound') ||
      (await isRefusedBecauseGone(ec2, error, volume, signal));
    if (!isGone) throw error;
    return false;
  }
}

/** Deletes, and again when EC2 did not know the volume but lists it afterwards. */
export async function destroyVolume(
  ec2: RegionAccess,
  volumeId: string,
  signal: AbortSignal,
): Promise<void> {
  while (!(await deleteVolume(ec2, volumeId, signal))) {
    const isGone = await awaitState(
      ec2,
      { poll: ec2.volumes, id: volumeId },
      { done: isEnded, missing: () => true },
      signal,
    );
    if (isGone) return;
  }
}

export async function findVolumes(
  ec2: RegionAccess,
  tags: Tags,
  signal: AbortSignal,
): Promise<Volume[]> {
  const volumes = await listVolumes(ec2.ec2, tagFilters(tags), signal);
  return volumes.filter((volume) => !isEnded(volume));
}

function isEnded({ State }: Volume): boolean {
  return State === 'deleting' || State === 'deleted';
}

function lost(ec2: RegionAccess, volumeId: string): ServiceError {
  return new ServiceError(EC2_SERVICE_EXCEPTION, `volume ${volumeId} in ${ec2.name} vanished`, {
    code: 'volume-lost',
    class: 'lost',
    next: 'The worker launches a new instance with a new volume; you need not do anything.',
    region: ec2.name,
    resource: volumeId,
  });
}
