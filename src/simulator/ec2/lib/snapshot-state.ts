/** The state of a snapshot now, and who may see it. */

import type { SharingPermissions, SnapshotRecord } from '../../store/state.js';
import type { Call } from './action.js';

export type SnapshotStatus = 'pending' | 'completed' | 'error';

export function snapshotStatus(snapshot: SnapshotRecord, nowMs: number): SnapshotStatus {
  const { writing } = snapshot;
  // EBS user guide, "Write Amazon EBS snapshots with EBS direct APIs": without a write in time it "moves to an error state".
  if (writing !== undefined) return writing.expiresAt > nowMs ? 'pending' : 'error';
  if (snapshot.completesAt > nowMs) return 'pending';
  return snapshot.failed === undefined ? 'completed' : 'error';
}

/** Why the snapshot is in state `error`. */
export function snapshotFailure({ failed, writing }: SnapshotRecord): string | undefined {
  if (writing === undefined) return failed;
  return `No block was written for ${writing.timeoutMs / 60_000} minutes, and the snapshot was not completed.`;
}

/** `0%` to `100%`; EC2 leaves it empty until the first block is there. */
export function snapshotProgress(snapshot: SnapshotRecord, nowMs: number): string {
  const { writing } = snapshot;
  if (writing !== undefined) {
    if (writing.progress === undefined || writing.expiresAt <= nowMs) return '';
    return `${Math.min(99, writing.progress)}%`;
  }
  if (snapshot.completesAt <= nowMs) return snapshot.failed === undefined ? '100%' : '';
  const whole = snapshot.completesAt - snapshot.createdAt;
  const percent = Math.floor((100 * (nowMs - snapshot.createdAt)) / whole);
  return percent <= 0 ? '' : `${Math.min(99, percent)}%`;
}

/** Owned, public, or shared with this account. */
export function maySee(
  call: Call,
  record: { readonly ownerId: string; readonly permissions: SharingPermissions },
): boolean {
  const { accountId } = call.cloud;
  const { everyone, accounts } = record.permissions;
  return record.ownerId === accountId || everyone || accounts.includes(accountId);
}
