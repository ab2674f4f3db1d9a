/** Whether a started snapshot is encrypted, and with which key. */

import { accountOf } from '../../ec2/lib/account.js';
import { arnOf } from '../../partition.js';
import { hexOf } from '../../random.js';
import type { ServiceCall } from '../../service.js';
import type { SnapshotRecord } from '../../store/state.js';
import { invalid } from '../errors.js';

export interface EncryptionWish {
  readonly encrypted: boolean | undefined;
  readonly kmsKeyArn: string | undefined;
  readonly parent: SnapshotRecord | undefined;
}

export interface Encryption {
  readonly encrypted: boolean;
  readonly kmsKeyId?: string;
}

const plain: Encryption = { encrypted: false };

/** EBS user guide, "Encryption outcomes for EBS direct APIs": its three tables. */
export function encryptionOf(call: ServiceCall, wish: EncryptionWish): Encryption {
  const { encrypted, kmsKeyArn, parent } = wish;
  const byDefault = accountOf(call.cloud, call.region).ebsEncryptionByDefault;
  if (parent !== undefined) return ofParent(call, parent, { ...wish, byDefault });
  if (encrypted === false && kmsKeyArn !== undefined) {
    throw refused('KmsKeyArn cannot be specified for an unencrypted snapshot.');
  }
  if (encrypted === false && byDefault) {
    throw refused('Encryption by default is enabled: an unencrypted snapshot cannot be created.');
  }
  if (encrypted !== true && kmsKeyArn === undefined && !byDefault) return plain;
  return { encrypted: true, kmsKeyId: kmsKeyArn ?? defaultKey(call) };
}

function ofParent(
  call: ServiceCall,
  parent: SnapshotRecord,
  { encrypted, kmsKeyArn, byDefault }: EncryptionWish & { readonly byDefault: boolean },
): Encryption {
  if (encrypted !== undefined) {
    throw refused('Encrypted and ParentSnapshotId cannot be specified in the same request.');
  }
  // For a parent without encryption the table can be read both ways.
  if (kmsKeyArn !== undefined) {
    throw refused('KmsKeyArn and ParentSnapshotId cannot be specified in the same request.');
  }
  if (parent.encrypted) return { encrypted: true, kmsKeyId: parent.kmsKeyId ?? defaultKey(call) };
  if (!byDefault) return plain;
  throw refused('Encryption by default is enabled: the parent snapshot must be encrypted.');
}

function refused(message: string): Error {
  return invalid('INVALID_PARAMETER_VALUE', message);
}

/** The AWS managed key of EBS in the region, alias `aws/ebs`. */
function defaultKey({ cloud, region }: ServiceCall): string {
  const hex = hexOf(`${cloud.accountId} ${region} aws/ebs`, 32);
  const id = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  return arnOf('kms', { region, account: cloud.accountId, resource: `key/${id}` });
}
