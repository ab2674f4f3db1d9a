/** Who may use a snapshot: ModifySnapshotAttribute, DescribeSnapshotAttribute, ResetSnapshotAttribute. */

import { notOwned } from '../lib/snapshot-lifecycle.js';
import { accountOf } from '../lib/account.js';
import { asSeen } from '../../store/changes.js';
import { CloudError, invalidCombination, invalidValue } from '../../errors.js';
import { list, oneOf, required, structure, text } from '../../input.js';
import type { SnapshotRecord } from '../../store/state.js';
import type { ActionTable, Call } from '../lib/action.js';
import { action } from '../lib/action.js';
import { findSnapshot } from '../lib/lookup.js';
import type { SharingChange } from '../lib/sharing.js';
import { applySharing, readSharing, sharingInput, sharingXml } from '../lib/sharing.js';

const attributeInput = required(oneOf('createVolumePermission', 'productCodes'));

export const snapshotAttributeActions: ActionTable = {
  ModifySnapshotAttribute: action(
    {
      Attribute: oneOf('createVolumePermission', 'productCodes'),
      CreateVolumePermission: structure({ Add: sharingInput, Remove: sharingInput }),
      UserGroup: list(text),
      OperationType: oneOf('add', 'remove'),
      SnapshotId: required(text),
      UserId: list(text),
    },
    (call, input) => {
      const snapshot = ownSnapshot(call, input.SnapshotId);
      if (input.Attribute === 'productCodes') {
        throw invalidCombination('Only the createVolumePermission attribute can be modified.');
      }
      const change = readSharing({
        structured: input.CreateVolumePermission,
        groups: input.UserGroup,
        users: input.UserId,
        operation: input.OperationType,
        name: 'createVolumePermission',
      });
      checkShareable(call, snapshot, change);
      snapshot.permissions = applySharing(snapshot.permissions, change);
      call.cloud.snapshots.put(snapshot);
      return { return: true };
    },
  ),

  DescribeSnapshotAttribute: action(
    { Attribute: attributeInput, SnapshotId: required(text) },
    (call, input) => {
      const snapshot = asSeen(ownSnapshot(call, input.SnapshotId), call.cloud.clock.now());
      if (input.Attribute === 'productCodes') return { snapshotId: snapshot.id, productCodes: [] };
      return {
        snapshotId: snapshot.id,
        createVolumePermission: sharingXml(snapshot.permissions),
      };
    },
  ),

  ResetSnapshotAttribute: action(
    { Attribute: attributeInput, SnapshotId: required(text) },
    (call, input) => {
      const snapshot = ownSnapshot(call, input.SnapshotId);
      if (input.Attribute !== 'createVolumePermission') {
        throw invalidValue('Only the createVolumePermission attribute can be reset.');
      }
      snapshot.permissions = { everyone: false, accounts: [] };
      call.cloud.snapshots.put(snapshot);
      return { return: true };
    },
  ),
};

function ownSnapshot(call: Call, id: string): SnapshotRecord {
  const snapshot = findSnapshot(call, id);
  if (snapshot.ownerId !== call.cloud.accountId) throw notOwned(snapshot);
  return snapshot;
}

function checkShareable(call: Call, snapshot: SnapshotRecord, change: SharingChange): void {
  if (!change.addsEveryone) return;
  // EBS user guide, "Share an Amazon EBS snapshot": encrypted snapshots cannot be public.
  if (snapshot.encrypted) {
    throw new CloudError(
      'OperationNotPermitted',
      'Encrypted snapshots with EBS default key cannot be shared',
    );
  }
  // EBS user guide, "Block public access for Amazon EBS snapshots".
  if (accountOf(call.cloud, call.region).snapshotBlockPublicAccess !== 'unblocked') {
    throw new CloudError(
      'OperationNotPermitted',
      'You cannot publicly share snapshots in this Region because block public access for snapshots is enabled for this account.',
    );
  }
}
