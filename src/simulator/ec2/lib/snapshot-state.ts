/** The state of a snapshot now, and who may see it. */

import type { SharingPermissions, SnapshotRecord } from '../../store/state.js';
import type { Call } from './action.js';

export type SnapshotStatus = 'pending' | 'completed' | 'error';

export function snapshotStatus(snapshot: SnapshotRecord, nowMs: number): SnapshotStatus {
  if (snapshot.completesAt > nowMs) return 'pending';
  return snapshot.failed === undefined ? 'completed' : 'error';
}

/** `0%` to `100%`; EC2 leaves it empty until the first block is there. */
export function snapshotProgress(snapshot: SnapshotRecord, nowMs: number): string {
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
