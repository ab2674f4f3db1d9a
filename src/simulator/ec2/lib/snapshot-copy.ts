/** Copies a snapshot into a region, for CopySnapshot and CopyImage. */

import { fileFor, checkSnapshotCount } from './snapshot-lifecycle.js';
import { accountOf } from './account.js';
import fs from 'node:fs';
import path from 'node:path';
import { CloudError, incorrectState, invalidCombination, invalidValue } from '../../errors.js';
import { isEnabled, regionsOf } from '../../regions.js';
import type { SnapshotRecord, Tags } from '../../store/state.js';
import { blockDigestFile, linkFile, snapshotFile } from '../../store/storage.js';
import type { Call } from './action.js';
import { findSnapshot } from './lookup.js';
import { newResource } from './new-resource.js';
import { maySee, snapshotStatus } from './snapshot-state.js';

/** What EC2 shows as the volume of a copy; CopySnapshot: "an arbitrary source volume ID". */
export const arbitraryVolumeId = 'vol-ffffffff';

/** EC2 API reference, CopySnapshot: CompletionDurationMinutes. */
export function checkCompletionDuration(minutes: number | undefined): void {
  if (minutes === undefined) return;
  if (minutes < 15 || minutes > 2880 || minutes % 15 !== 0) {
    throw invalidValue(
      `Value (${minutes}) for parameter completionDurationMinutes is invalid. It must be from 15 to 2880 in steps of 15.`,
    );
  }
}

/** The source in its own region, if this account may copy it now. */
export function copySource(call: Call, regionName: string, snapshotId: string): SnapshotRecord {
  const region = regionsOf(call.cloud).get(regionName);
  if (region === undefined || !isEnabled(region, call.cloud.settings.optedInRegions)) {
    throw new CloudError('InvalidRegion', `The source region '${regionName}' is not valid.`);
  }
  const source = findSnapshot({ ...call, region: regionName }, snapshotId);
  if (!maySee(call, source)) {
    throw new CloudError(
      'InvalidSnapshot.NotFound',
      `The snapshot '${snapshotId}' does not exist.`,
    );
  }
  if (snapshotStatus(source, call.cloud.clock.now()) !== 'completed') {
    // EBS user guide, "Copy an Amazon EBS snapshot": the source must be completed.
    throw incorrectState(`Snapshot '${snapshotId}' is not 'completed'.`);
  }
  return source;
}

export interface SnapshotCopy {
  readonly description: string;
  readonly encrypted: boolean | undefined;
  /** The source's tags are not copied. */
  readonly tags: Tags;
}

export function copySnapshot(
  call: Call,
  source: SnapshotRecord,
  copy: SnapshotCopy,
): SnapshotRecord {
  const { cloud } = call;
  checkCopiesInFlight(call);
  checkSnapshotCount(call);
  if (copy.encrypted === false && source.encrypted) {
    throw invalidCombination('An encrypted snapshot cannot be copied to an unencrypted one.');
  }
  const fresh = newResource(call, 'snap', copy.tags);
  const file = fileFor(fresh.id);
  linkBytes(snapshotFile(cloud.stateDir, source), path.join(cloud.stateDir, file));
  const snapshot: SnapshotRecord = {
    ...fresh,
    ownerId: cloud.accountId,
    volumeId: arbitraryVolumeId,
    sizeGiB: source.sizeGiB,
    description: copy.description,
    encrypted:
      copy.encrypted === true ||
      source.encrypted ||
      accountOf(cloud, call.region).ebsEncryptionByDefault,
    completesAt: fresh.createdAt + cloud.latency.draw('snapshotCopy'),
    source: { region: source.region, snapshotId: source.id },
    file,
    permissions: { everyone: false, accounts: [] },
  };
  cloud.snapshots.put(snapshot);
  return snapshot;
}

function linkBytes(from: string, to: string): void {
  linkFile(from, to);
  const digests = blockDigestFile(from);
  if (fs.existsSync(digests)) linkFile(digests, blockDigestFile(to));
}

/** EBS user guide, "Quotas for Amazon EBS": concurrent snapshot copies per destination region. */
function checkCopiesInFlight(call: Call): void {
  const { cloud, region } = call;
  const now = cloud.clock.now();
  let inFlight = 0;
  for (const snapshot of cloud.snapshots.inRegion(region)) {
    if (snapshot.source !== undefined && snapshot.completesAt > now) inFlight += 1;
  }
  if (inFlight >= cloud.settings.snapshotCopiesPerRegion) {
    throw new CloudError(
      'ResourceLimitExceeded',
      `Too many snapshot copies in progress. The limit is ${cloud.settings.snapshotCopiesPerRegion} for this destination region.`,
    );
  }
}
