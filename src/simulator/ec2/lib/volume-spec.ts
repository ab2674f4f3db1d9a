/** Checks the size, type and performance of a new volume, alone or in a block device mapping. */

import { accountOf } from './account.js';
import { CloudError, incorrectState, invalidCombination, invalidValue } from '../../errors.js';
import type { SnapshotRecord } from '../../store/state.js';
import type { Call } from './action.js';
import { findSnapshot } from './lookup.js';
import { maySee, snapshotStatus } from './snapshot-state.js';
import { volumeIops, volumeTypes } from './volume-state.js';

export interface VolumeWish {
  readonly snapshotId: string | undefined;
  readonly sizeGiB: number | undefined;
  readonly type: string | undefined;
  readonly iops: number | undefined;
  readonly throughput: number | undefined;
  readonly encrypted: boolean | undefined;
}

export interface VolumeSpec {
  readonly snapshot: SnapshotRecord | undefined;
  readonly sizeGiB: number;
  readonly type: string;
  readonly iops: number | undefined;
  readonly throughput: number | undefined;
  readonly encrypted: boolean;
}

/** The request with defaults, or EC2's error. The default type is gp2 (CreateVolume: VolumeType). */
export function checkVolumeWish(call: Call, wish: VolumeWish): VolumeSpec {
  const snapshot =
    wish.snapshotId === undefined ? undefined : usableSnapshot(call, wish.snapshotId);
  const sizeGiB = wish.sizeGiB ?? snapshot?.sizeGiB;
  if (sizeGiB === undefined) {
    throw new CloudError(
      'MissingParameter',
      'The request must contain the parameter size or snapshotId',
    );
  }
  const type = wish.type ?? 'gp2';
  checkTypeAndSize(type, sizeGiB);
  if (snapshot !== undefined && sizeGiB < snapshot.sizeGiB) {
    throw invalidValue(
      `The size of the volume (${sizeGiB} GiB) cannot be smaller than the size of its snapshot (${snapshot.sizeGiB} GiB): ${snapshot.id}`,
    );
  }
  checkPerformance(type, wish);
  const byDefault = accountOf(call.cloud, call.region).ebsEncryptionByDefault;
  return {
    snapshot,
    sizeGiB,
    type,
    iops: volumeIops(type, sizeGiB, wish.iops),
    throughput: type === 'gp3' ? (wish.throughput ?? 125) : undefined,
    encrypted: wish.encrypted === true || byDefault || snapshot?.encrypted === true,
  };
}

/** A snapshot that exists, may be used by this account, and is completed. */
export function usableSnapshot(call: Call, id: string): SnapshotRecord {
  const snapshot = findSnapshot(call, id);
  if (!maySee(call, snapshot)) {
    throw new CloudError('InvalidSnapshot.NotFound', `The snapshot '${id}' does not exist.`);
  }
  const status = snapshotStatus(snapshot, call.cloud.clock.now());
  if (status !== 'completed') {
    throw incorrectState(`Snapshot '${id}' is not 'completed' but '${status}'.`);
  }
  return snapshot;
}

export function checkTypeAndSize(type: string, sizeGiB: number): void {
  const limits = Object.hasOwn(volumeTypes, type) ? volumeTypes[type] : undefined;
  if (limits === undefined) {
    throw new CloudError(
      'UnknownVolumeType',
      `Unsupported volume type '${type}' for volume creation.`,
    );
  }
  const [min, max] = limits.sizeGiB;
  if (sizeGiB < min || sizeGiB > max) {
    throw invalidValue(
      `Volume of ${sizeGiB}GiB is ${sizeGiB < min ? 'too small' : 'too large'} for volume type ${type}; ${sizeGiB < min ? 'minimum' : 'maximum'} is ${sizeGiB < min ? min : max}GiB.`,
    );
  }
}

export function checkPerformance(
  type: string,
  wish: Pick<VolumeWish, 'iops' | 'throughput'>,
): void {
  const limits = volumeTypes[type];
  if (limits?.iops === undefined && wish.iops !== undefined) {
    throw invalidCombination(`The parameter iops is not supported for ${type} volumes.`);
  }
  if (limits?.iopsRequired === true && wish.iops === undefined) {
    throw new CloudError(
      'MissingParameter',
      `The parameter iops must be specified for ${type} volumes.`,
    );
  }
  if (limits?.iops !== undefined && wish.iops !== undefined) {
    const [min, max] = limits.iops;
    if (wish.iops < min || wish.iops > max) {
      throw invalidValue(`Volume iops of ${wish.iops} must be from ${min} to ${max} for ${type}.`);
    }
  }
  if (wish.throughput === undefined) return;
  if (type !== 'gp3') {
    throw invalidCombination(`The parameter throughput is not supported for ${type} volumes.`);
  }
  if (wish.throughput < 125 || wish.throughput > 2000) {
    throw invalidValue(`Volume throughput of ${wish.throughput} MiB/s must be from 125 to 2000.`);
  }
}
