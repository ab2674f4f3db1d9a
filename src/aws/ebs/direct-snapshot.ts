/** A snapshot that the worker writes itself: started once, and completed when EBS has all its blocks. */

import { CompleteSnapshotCommand, StartSnapshotCommand } from '@aws-sdk/client-ebs';
import { EC2_SERVICE_EXCEPTION, ServiceError } from '../../model/errors.js';
import type { StreamedImage } from '../../model/progress/heartbeat.js';
import type { Tags } from '../../model/ids/tags.js';
import { isCode } from '../errors.js';
import type { RegionAccess } from '../region-access.js';
import { findSnapshots } from '../snapshots.js';
import { untilVisible } from '../until-visible.js';

export interface DirectSnapshotRequest {
  /** The same in every attempt: EBS then answers with the snapshot of the first one. */
  readonly token: string;
  /** The tags by which the snapshot is found when a worker of another version had asked in other words. */
  readonly key: Tags;
  readonly tags: Tags;
  readonly description: string;
  readonly sizeGiB: number;
  readonly idleMinutes: number;
}

/** Starts the snapshot, or finds that of an earlier attempt, whatever has become of it. */
export async function ensureDirectSnapshot(
  ec2: RegionAccess,
  request: DirectSnapshotRequest,
  signal: AbortSignal,
): Promise<string> {
  try {
    const { SnapshotId } = await ec2.ebs.send(
      new StartSnapshotCommand({
        VolumeSize: request.sizeGiB,
        ClientToken: request.token,
        Timeout: request.idleMinutes,
        Description: request.description,
        Tags: Object.entries(request.tags).map(([Key, Value]) => ({ Key, Value })),
      }),
      { abortSignal: signal },
    );
    if (SnapshotId === undefined) throw new TypeError('StartSnapshot answered without a snapshot');
    return SnapshotId;
  } catch (error) {
    if (!isCode(error, 'ConflictException')) throw error;
    const look = async (): Promise<string | undefined> => {
      const found = await findSnapshots(ec2, request.key, signal);
      return found.flatMap(({ SnapshotId }) => SnapshotId ?? [])[0];
    };
    const found = await untilVisible(ec2, look, { signal });
    if (found === undefined) throw snapshotLost(ec2, 'the snapshot of an earlier attempt', error);
    return found;
  }
}

/** No more blocks follow. Resolves also when an earlier attempt has completed it: its state shows what came of it. */
export async function completeDirectSnapshot(
  ec2: RegionAccess,
  snapshotId: string,
  { blocks, checksum }: Pick<StreamedImage, 'blocks' | 'checksum'>,
  signal: AbortSignal,
): Promise<void> {
  try {
    await ec2.ebs.send(
      new CompleteSnapshotCommand({
        SnapshotId: snapshotId,
        ChangedBlocksCount: blocks,
        Checksum: checksum,
        ChecksumAlgorithm: 'SHA256',
        ChecksumAggregationMethod: 'LINEAR',
      }),
      { abortSignal: signal },
    );
  } catch (error) {
    if (isNotFound(error)) throw snapshotLost(ec2, `snapshot ${snapshotId}`, error);
    if (!takesNoBlocks(error)) throw error;
  }
}

export function isNotFound(error: unknown): boolean {
  return isCode(error, 'ResourceNotFoundException');
}

/** EBS direct APIs reference, ValidationException: it is completed, or EBS has given it up. */
export function takesNoBlocks(error: unknown): boolean {
  if (!isCode(error, 'ValidationException')) return false;
  return (error as { readonly Reason?: string }).Reason === 'INVALID_SNAPSHOT_ID';
}

/** EBS gives up a snapshot that gets no block for its Timeout; another one is written from the beginning. */
export function snapshotLost(ec2: RegionAccess, what: string, cause: unknown): ServiceError {
  const reason = cause instanceof Error ? `: ${cause.message}` : '';
  return new ServiceError(
    EC2_SERVICE_EXCEPTION,
    `${what} in ${ec2.name} takes no more blocks${reason}`,
    {
      code: 'snapshot-lost',
      class: 'lost',
      next: 'The worker writes a new snapshot; you need not do anything.',
      region: ec2.name,
    },
    { cause },
  );
}
