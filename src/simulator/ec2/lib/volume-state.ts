/** The state of a volume now, from its record and the time. */

import type { VolumeAttachment, VolumeRecord } from '../../store/state.js';

export type VolumeStatus = 'creating' | 'available' | 'in-use' | 'deleting' | 'error';

export function volumeStatus(volume: VolumeRecord, nowMs: number): VolumeStatus {
  if (volume.goneAt !== undefined) return 'deleting';
  if (volume.failed !== undefined) return 'error';
  if (volume.attachment !== undefined) return 'in-use';
  return volume.filled && volume.availableAt <= nowMs ? 'available' : 'creating';
}

export type AttachmentStatus = 'attaching' | 'attached' | 'detaching' | 'busy';

export function attachmentStatus(attachment: VolumeAttachment, nowMs: number): AttachmentStatus {
  if (attachment.busy === true) return 'busy';
  if (attachment.detaching === true) return 'detaching';
  return attachment.attachedAt <= nowMs ? 'attached' : 'attaching';
}

interface VolumeTypeLimits {
  readonly sizeGiB: readonly [min: number, max: number];
  readonly iops?: readonly [min: number, max: number];
  readonly iopsRequired?: boolean;
}

/** EC2 API reference, CreateVolume: Size, Iops, Throughput, VolumeType. */
export const volumeTypes: Readonly<Record<string, VolumeTypeLimits>> = {
  standard: { sizeGiB: [1, 1024] },
  gp2: { sizeGiB: [1, 16_384] },
  gp3: { sizeGiB: [1, 65_536], iops: [3000, 80_000] },
  io1: { sizeGiB: [4, 16_384], iops: [100, 64_000], iopsRequired: true },
  io2: { sizeGiB: [4, 65_536], iops: [100, 256_000], iopsRequired: true },
  st1: { sizeGiB: [125, 16_384] },
  sc1: { sizeGiB: [125, 16_384] },
};

/** gp2's baseline is 3 IOPS a GiB, 100 to 16,000; gp3's is 3,000. */
export function volumeIops(
  type: string,
  sizeGiB: number,
  asked: number | undefined,
): number | undefined {
  if (asked !== undefined) return asked;
  if (type === 'gp2') return Math.min(16_000, Math.max(100, sizeGiB * 3));
  return type === 'gp3' ? 3000 : undefined;
}
