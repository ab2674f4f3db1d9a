/** How many snapshots the account may have, as StartSnapshot enforces it. */

import { snapshotStatus } from '../../ec2/lib/snapshot-state.js';
import type { ServiceCall } from '../../service.js';
import { quotaOf, snapshots } from '../../service-quotas/quotas.js';
import { EbsError } from '../errors.js';

/** EBS user guide, "Quotas for Amazon EBS": pending snapshots per account, L-94D7AB7D; it cannot be raised. */
const pendingSnapshotsMax = 100;

export function checkSnapshotQuotas({ cloud, region }: ServiceCall): void {
  const now = cloud.clock.now();
  const own = [...cloud.snapshots.inRegion(region)].filter(
    ({ ownerId }) => ownerId === cloud.accountId,
  );
  const snapshotsMax = quotaOf(cloud, snapshots, region) ?? Infinity;
  if (own.length >= snapshotsMax) throw exceeded(`${snapshotsMax} snapshots`);
  const pendingMax = cloud.settings.pendingSnapshotsPerRegion ?? pendingSnapshotsMax;
  const pending = own.filter((snapshot) => snapshotStatus(snapshot, now) === 'pending');
  if (pending.length >= pendingMax) throw exceeded(`${pendingMax} pending snapshots`);
}

function exceeded(what: string): EbsError {
  return new EbsError(
    'ServiceQuotaExceededException',
    `The account has ${what} in this Region, which is its quota.`,
    'DEPENDENCY_SERVICE_QUOTA_EXCEEDED',
  );
}
