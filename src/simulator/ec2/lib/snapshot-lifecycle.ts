/** What snapshots share from their creation to their end: the file, the quota, the deletion. */

import fs from 'node:fs';
import path from 'node:path';
import type { Cloud } from '../../cloud.js';
import { CloudError } from '../../errors.js';
import { quotaOf, snapshots } from '../../service-quotas/quotas.js';
import type { SnapshotRecord } from '../../store/state.js';
import { blockDigestFile, snapshotFile } from '../../store/storage.js';
import type { Call } from './action.js';
import { snapshotStatus } from './snapshot-state.js';

export function notOwned(snapshot: SnapshotRecord): CloudError {
  return new CloudError(
    'UnauthorizedOperation',
    `You are not authorized to perform this operation on ${snapshot.id}.`,
    403,
  );
}

/** Copies and volumes have their own names of the file; its bytes last until the last name is removed. */
export function deleteSnapshot(cloud: Cloud, snapshot: SnapshotRecord): void {
  cloud.snapshots.delete(snapshot);
  const file = snapshotFile(cloud.stateDir, snapshot);
  cloud.store.afterFlush(() => {
    fs.rmSync(file, { force: true });
    fs.rmSync(blockDigestFile(file), { force: true });
  });
}

/** Below the state directory. */
export function fileFor(snapshotId: string): string {
  return path.join('snapshots', `${snapshotId}.img`);
}

/** EC2 API reference, error codes: SnapshotLimitExceeded, PendingSnapshotLimitExceeded. */
export function checkSnapshotCount({ cloud, region }: Call): void {
  const { pendingSnapshotsPerRegion } = cloud.settings;
  const snapshotsPerRegion = quotaOf(cloud, snapshots, region);
  if (snapshotsPerRegion === undefined && pendingSnapshotsPerRegion === undefined) return;
  const now = cloud.clock.now();
  const own = [...cloud.snapshots.inRegion(region)].filter(
    ({ ownerId }) => ownerId === cloud.accountId,
  );
  if (own.length >= (snapshotsPerRegion ?? Infinity)) {
    throw new CloudError(
      'SnapshotLimitExceeded',
      `You have exceeded the maximum number of snapshots (${snapshotsPerRegion ?? ''}) of this Region.`,
    );
  }
  const pending = own.filter((snapshot) => snapshotStatus(snapshot, now) === 'pending');
  if (pending.length >= (pendingSnapshotsPerRegion ?? Infinity)) {
    throw new CloudError(
      'PendingSnapshotLimitExceeded',
      `You have exceeded the maximum number of pending snapshots (${pendingSnapshotsPerRegion ?? ''}) of this Region.`,
    );
  }
}
