/** Volumes: detached, deleted, found by tag. */

import type { Volume } from '@aws-sdk/client-ec2';
import {
  DeleteVolumeCommand,
  DescribeVolumesCommand,
  DetachVolumeCommand,
} from '@aws-sdk/client-ec2';
import { EC2_SERVICE_EXCEPTION, ServiceError } from '../model/errors.js';
import type { Tags } from '../model/ids/tags.js';
import { isCode } from './errors.js';
import type { RegionAccess } from './region-access.js';
import { tagFilters } from './tags.js';

/** Detaches and waits until the volume is free; a free volume is done already. */
export async function detachVolume(
  ec2: RegionAccess,
  volumeId: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await ec2.ec2.send(new DetachVolumeCommand({ VolumeId: volumeId }), { abortSignal: signal });
  } catch (error) {
    // Detached already, or the answer to an earlier attempt was lost: the state decides.
    if (!isCode(error, 'IncorrectState', 'InvalidAttachment.NotFound')) throw error;
  }
  await ec2.volumes.wait(
    volumeId,
    (volume, missingMs) => {
      if (volume === undefined && missingMs > ec2.settings.visibilityMs) throw lost(ec2, volumeId);
      return volume?.State === 'available' ? true : undefined;
    },
    signal,
  );
}

/** Deletes; false when EC2 does not know the volume, which is gone, or not found yet. */
export async function deleteVolume(
  ec2: RegionAccess,
  volumeId: string,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await ec2.ec2.send(new DeleteVolumeCommand({ VolumeId: volumeId }), { abortSignal: signal });
    return true;
  } catch (error) {
    if (!isCode(error, 'InvalidVolume.NotFound')) throw error;
    return false;
  }
}

/** Deletes for good: a volume that EC2 does not know, but lists all the same, is deleted again. */
export async function destroyVolume(
  ec2: RegionAccess,
  volumeId: string,
  signal: AbortSignal,
): Promise<void> {
  while (!(await deleteVolume(ec2, volumeId, signal))) {
    const isGone = await ec2.volumes.wait(
      volumeId,
      (volume, missingMs) => {
        if (volume !== undefined) return isEnded(volume);
        return missingMs > ec2.settings.visibilityMs ? true : undefined;
      },
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
  const { Volumes } = await ec2.ec2.send(
    new DescribeVolumesCommand({ Filters: tagFilters(tags) }),
    { abortSignal: signal },
  );
  return (Volumes ?? []).filter((volume) => !isEnded(volume));
}

function isEnded({ State }: Volume): boolean {
  return State === 'deleting' || State === 'deleted';
}

function lost(ec2: RegionAccess, volumeId: string): ServiceError {
  return new ServiceError(EC2_SERVICE_EXCEPTION, `volume ${volumeId} in ${ec2.name} vanished`, {
    code: 'volume-lost',
    class: 'lost',
    next: 'A new instance with a new volume is launched by itself.',
    region: ec2.name,
    resource: volumeId,
  });
}
