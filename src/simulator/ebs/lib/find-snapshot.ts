/** Finds the snapshot that a call names, for reading or for writing. */

import { maySee, snapshotFailure, snapshotStatus } from '../../ec2/lib/snapshot-state.js';
import type { ServiceCall } from '../../service.js';
import type { SnapshotRecord } from '../../store/state.js';
import { EbsError, invalid } from '../errors.js';

export type WritableSnapshot = SnapshotRecord & Required<Pick<SnapshotRecord, 'writing'>>;

export function notFound(id: string): EbsError {
  const message = `The snapshot '${id}' does not exist.`;
  return new EbsError('ResourceNotFoundException', message, 'SNAPSHOT_NOT_FOUND');
}

function notAuthorized(id: string): EbsError {
  const message = `The account is not authorized to access the snapshot '${id}'.`;
  return new EbsError('AccessDeniedException', message, 'UNAUTHORIZED_ACCOUNT');
}

function found({ cloud, region }: ServiceCall, id: string): SnapshotRecord {
  const snapshot = cloud.snapshots.get(region, id);
  // A new id may not be known yet: coldsnap's uploader repeats its first blocks for this reason.
  if (snapshot === undefined || snapshot.visibleAt > cloud.clock.now()) throw notFound(id);
  return snapshot;
}

export function isPending(call: ServiceCall, snapshot: SnapshotRecord): boolean {
  return snapshotStatus(snapshot, call.cloud.clock.now()) === 'pending';
}

/** The account's own snapshot, in whatever state. */
export function findOwnSnapshot(call: ServiceCall, id: string): SnapshotRecord {
  const snapshot = found(call, id);
  if (snapshot.ownerId !== call.cloud.accountId) throw notAuthorized(id);
  return snapshot;
}

/**
 * PutSnapshotBlock: "The target snapshot must be in the pending state." One that CreateSnapshot or CopySnapshot makes
 * is not for these APIs.
 */
export function findWritableSnapshot(call: ServiceCall, id: string): WritableSnapshot {
  const snapshot = findOwnSnapshot(call, id);
  if (isWritable(snapshot) && isPending(call, snapshot)) return snapshot;
  throw notPending(call, snapshot);
}

export function isWritable(snapshot: SnapshotRecord): snapshot is WritableSnapshot {
  return snapshot.writing !== undefined;
}

export function notPending(call: ServiceCall, snapshot: SnapshotRecord): EbsError {
  const status = snapshotStatus(snapshot, call.cloud.clock.now());
  const why = status === 'error' ? (snapshotFailure(snapshot) ?? '') : `It is '${status}'.`;
  return invalid(
    'INVALID_SNAPSHOT_ID',
    `The snapshot '${snapshot.id}' does not accept writes. ${why}`,
  );
}

/**
 * EBS user guide, "Frequently asked questions for EBS direct APIs": "The snapshot can be accessed only if it has a
 * completed status", and "Public snapshots are not supported."
 */
export function findReadableSnapshot(call: ServiceCall, id: string): SnapshotRecord {
  const snapshot = found(call, id);
  if (!maySee(call, snapshot)) throw notAuthorized(id);
  if (snapshot.permissions.everyone) {
    throw invalid(
      'INVALID_SNAPSHOT_ID',
      `The snapshot '${id}' is public. Public snapshots are not supported by the EBS direct APIs.`,
    );
  }
  const status = snapshotStatus(snapshot, call.cloud.clock.now());
  if (status === 'completed') return snapshot;
  throw invalid(
    'INVALID_SNAPSHOT_ID',
    `The snapshot '${id}' is not 'completed' but '${status}'; its blocks cannot be read.`,
  );
}
