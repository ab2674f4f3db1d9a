/** Snapshots: CreateSnapshot, CopySnapshot, DescribeSnapshots, DeleteSnapshot. */

import {
  notOwned,
  deleteSnapshot,
  fileFor,
  checkSnapshotCount,
} from '../lib/snapshot-lifecycle.js';
import { volumeFilled } from '../lib/volume-lifecycle.js';
import { accountOf } from '../lib/account.js';
import path from 'node:path';
import { CloudError, incorrectState } from '../../errors.js';
import { ignored, integer, list, required, text } from '../../input.js';
import type { SnapshotRecord } from '../../store/state.js';
import { copySparse, volumeFile } from '../../store/storage.js';
import type { XmlFields } from '../../http/xml.js';
import type { ActionTable, Call } from '../lib/action.js';
import { action } from '../lib/action.js';
import { imagesUsing } from '../lib/image-state.js';
import { findSnapshot, findVolume, seenSnapshots } from '../lib/lookup.js';
import { newResource } from '../lib/new-resource.js';
import { paginate, refuseIdsWithPage } from '../lib/pagination.js';
import type { FilterFields } from '../lib/filters.js';
import { applyFilters, filterInput, filterTime } from '../lib/filters.js';
import {
  maySee,
  snapshotFailure,
  snapshotProgress,
  snapshotStatus,
} from '../lib/snapshot-state.js';
import { readTagSpecifications, tagSet, tagSpecificationInput } from '../lib/tag-input.js';
import { volumeStatus } from '../lib/volume-state.js';

/** EC2 API reference, error codes: SnapshotCreationPerVolumeRateExceeded, ConcurrentSnapshotLimitExceeded. */
const sameVolumePauseMs = 15_000;
const pendingPerVolumeMax = 5;
export const snapshotActions: ActionTable = {
  CreateSnapshot: action(
    {
      Description: text,
      OutpostArn: ignored,
      VolumeId: required(text),
      TagSpecification: tagSpecificationInput,
      Location: ignored,
    },
    async (call, input) => {
      const { cloud } = call;
      const volume = findVolume(call, input.VolumeId);
      const tags = readTagSpecifications(input.TagSpecification, ['snapshot']).get('snapshot');
      checkRate(call, volume.id);
      checkSnapshotCount(call);
      const status = volumeStatus(volume, cloud.clock.now());
      if (status !== 'available' && status !== 'in-use') {
        throw incorrectState(`Volume '${volume.id}' is in the '${status}' state.`);
      }
      const fresh = newResource(call, 'snap', tags ?? {});
      const file = fileFor(fresh.id);
      await volumeFilled(volume);
      // The bytes of this moment: the copy is whole before the answer, later writes are not in it.
      await copySparse(volumeFile(cloud.stateDir, volume), path.join(cloud.stateDir, file));
      const snapshot: SnapshotRecord = {
        ...fresh,
        ownerId: cloud.accountId,
        volumeId: volume.id,
        sizeGiB: volume.sizeGiB,
        description: input.Description ?? '',
        encrypted: volume.encrypted,
        completesAt: fresh.createdAt + cloud.latency.draw('snapshotPending'),
        file,
        permissions: { everyone: false, accounts: [] },
      };
      cloud.snapshots.put(snapshot);
      return snapshotXml(snapshot, snapshot.createdAt, 'pending');
    },
  ),

  DescribeSnapshots: action(
    {
      SnapshotId: list(text),
      Owner: list(text),
      RestorableBy: list(text),
      Filter: filterInput,
      MaxResults: integer,
      NextToken: text,
    },
    (call, input) => {
      refuseIdsWithPage(input.SnapshotId, input.MaxResults, 'snapshotIdSet');
      const { cloud } = call;
      const now = cloud.clock.now();
      const candidates = seenSnapshots(call, input.SnapshotId);
      const wanted = candidates.filter(
        (snapshot) =>
          maySee(call, snapshot) &&
          isOwnedByOne(call, snapshot, input.Owner) &&
          isRestorableByOne(call, snapshot, input.RestorableBy),
      );
      const matching = applyFilters(wanted, input.Filter, snapshotFilters(now));
      const page = paginate(matching, {
        maxResults: input.MaxResults,
        nextToken: input.NextToken,
        range: [5, 1000],
      });
      return {
        snapshotSet: page.items.map((snapshot) => snapshotXml(snapshot, now)),
        nextToken: page.nextToken,
      };
    },
  ),

  DeleteSnapshot: action({ SnapshotId: required(text) }, (call, input) => {
    const snapshot = findSnapshot(call, input.SnapshotId);
    if (snapshot.ownerId !== call.cloud.accountId) throw notOwned(snapshot);
    const [image] = imagesUsing(call, snapshot.id);
    if (image !== undefined) {
      throw new CloudError(
        'InvalidSnapshot.InUse',
        `The snapshot ${snapshot.id} is currently in use by ${image.id}`,
      );
    }
    deleteSnapshot(call.cloud, snapshot);
    return { return: true };
  }),
};

function checkRate(call: Call, volumeId: string): void {
  const now = call.cloud.clock.now();
  const pending = [...call.cloud.snapshots.inRegion(call.region)].filter(
    (snapshot) => snapshot.volumeId === volumeId && snapshotStatus(snapshot, now) === 'pending',
  );
  if (pending.some((snapshot) => now - snapshot.createdAt < sameVolumePauseMs)) {
    throw new CloudError(
      'SnapshotCreationPerVolumeRateExceeded',
      'The maximum per volume CreateSnapshot request rate has been exceeded. Use an increasing or variable sleep interval between requests.',
    );
  }
  if (pending.length >= pendingPerVolumeMax) {
    throw new CloudError(
      'ConcurrentSnapshotLimitExceeded',
      `Maximum allowed in-progress snapshots for a single volume exceeded.`,
    );
  }
}

function isOwnedByOne(call: Call, snapshot: SnapshotRecord, owners: readonly string[]): boolean {
  return (
    owners.length === 0 ||
    owners.some((owner) =>
      owner === 'self'
        ? snapshot.ownerId === call.cloud.accountId
        : owner === snapshot.ownerId || owner === snapshot.ownerAlias,
    )
  );
}

function isRestorableByOne(
  call: Call,
  snapshot: SnapshotRecord,
  users: readonly string[],
): boolean {
  const { everyone, accounts } = snapshot.permissions;
  return (
    users.length === 0 ||
    users.some((user) => {
      if (user === 'all') return everyone && !isAllSharingBlocked(call);
      const account = user === 'self' ? call.cloud.accountId : user;
      return snapshot.ownerId === account || accounts.includes(account);
    })
  );
}

/** EBS user guide, "Block public access": with block-all-sharing, "snapshots that were already publicly shared are treated as private". */
function isAllSharingBlocked({ cloud, region }: Call): boolean {
  return accountOf(cloud, region).snapshotBlockPublicAccess === 'block-all-sharing';
}

/** EC2 API reference, DescribeSnapshots: Filters. */
function snapshotFilters(now: number): FilterFields<SnapshotRecord> {
  return {
    description: ({ description }) => description,
    encrypted: ({ encrypted }) => encrypted,
    'owner-alias': ({ ownerAlias }) => ownerAlias,
    'owner-id': ({ ownerId }) => ownerId,
    progress: (snapshot) => snapshotProgress(snapshot, now),
    'snapshot-id': ({ id }) => id,
    'start-time': ({ createdAt }) => filterTime(createdAt),
    status: (snapshot) => snapshotStatus(snapshot, now),
    'storage-tier': () => 'standard',
    'transfer-type': ({ source }) => (source === undefined ? undefined : 'standard'),
    'volume-id': ({ volumeId }) => volumeId,
    'volume-size': ({ sizeGiB }) => sizeGiB,
  };
}

/** A Snapshot of the API; `status` where the answer is older than the record. */
function snapshotXml(snapshot: SnapshotRecord, now: number, status?: string): XmlFields {
  const current = status ?? snapshotStatus(snapshot, now);
  return {
    snapshotId: snapshot.id,
    volumeId: snapshot.volumeId,
    status: current,
    statusMessage: current === 'error' ? snapshotFailure(snapshot) : undefined,
    startTime: new Date(snapshot.createdAt),
    completionTime: current === 'completed' ? new Date(snapshot.completesAt) : undefined,
    progress: snapshotProgress(snapshot, now),
    ownerId: snapshot.ownerId,
    ownerAlias: snapshot.ownerAlias,
    volumeSize: snapshot.sizeGiB,
    description: snapshot.description,
    encrypted: snapshot.encrypted,
    kmsKeyId: snapshot.kmsKeyId,
    sseType: snapshot.encrypted ? 'sse-kms' : 'none',
    storageTier: 'standard',
    transferType: snapshot.source === undefined ? undefined : 'standard',
    tagSet: tagSet(snapshot.tags),
  };
}
