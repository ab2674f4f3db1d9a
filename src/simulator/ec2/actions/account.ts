/** Per-region switches of the account: encryption by default, public-access blocks. */

import { accountOf, imageBlockOf, settingsOf } from '../lib/account.js';
import type { Cloud } from '../../cloud.js';
import { quotaOf, standardVcpus } from '../../service-quotas/quotas.js';
import { CloudError, missingParameter } from '../../errors.js';
import { list, oneOf, required, text } from '../../input.js';
import type { AccountRecord } from '../../store/state.js';
import type { ActionTable } from '../lib/action.js';
import { action } from '../lib/action.js';
import { defaultVpcId } from '../lib/network-defaults.js';

function managedBy(cloud: Cloud, region: string): 'account' | 'declarative-policy' {
  return settingsOf(cloud, region).blockPublicAccessManagedBy ?? 'account';
}

/**
 * A declarative policy's state "can't be modified by account owners" (Organizations user guide,
 * "Declarative policies"; GetImageBlockPublicAccessState: managedBy). The code is not documented.
 */
function refuseIfManaged(cloud: Cloud, region: string): void {
  if (managedBy(cloud, region) === 'account') return;
  throw new CloudError(
    'DeclarativePolicyViolation',
    'This functionality has been disabled by a Declarative Policy.',
  );
}

function change(cloud: Cloud, region: string, changes: Partial<AccountRecord>): void {
  cloud.accounts.put(region, { ...accountOf(cloud, region), ...changes });
}

function changeImageBlock(
  cloud: Cloud,
  region: string,
  state: AccountRecord['imageBlockPublicAccess'],
): void {
  const until = cloud.clock.now() + cloud.latency.draw('publicAccessBlock');
  change(cloud, region, {
    imageBlockPublicAccess: state,
    earlierImageBlock: { state: imageBlockOf(cloud, region), until },
  });
}

/** EC2 API reference, DescribeAccountAttributes: the attributes and what a new account has. */
function accountAttributes(
  cloud: Cloud,
  region: string,
): Readonly<Record<string, readonly string[]>> {
  return {
    'supported-platforms': ['VPC'],
    'default-vpc': [defaultVpcId(region)],
    'max-instances': [String(quotaOf(cloud, standardVcpus, region) ?? 20)],
    'vpc-max-security-groups-per-interface': ['5'],
    'max-elastic-ips': ['5'],
    'vpc-max-elastic-ips': ['5'],
  };
}

export const accountActions: ActionTable = {
  GetEbsEncryptionByDefault: action({}, ({ cloud, region }) => ({
    ebsEncryptionByDefault: accountOf(cloud, region).ebsEncryptionByDefault,
    sseType: accountOf(cloud, region).ebsEncryptionByDefault ? 'sse-kms' : 'none',
  })),
  EnableEbsEncryptionByDefault: action({}, ({ cloud, region }) => {
    change(cloud, region, { ebsEncryptionByDefault: true });
    return { ebsEncryptionByDefault: true };
  }),
  DisableEbsEncryptionByDefault: action({}, ({ cloud, region }) => {
    change(cloud, region, { ebsEncryptionByDefault: false });
    return { ebsEncryptionByDefault: false };
  }),

  GetImageBlockPublicAccessState: action({}, ({ cloud, region }) => ({
    imageBlockPublicAccessState: imageBlockOf(cloud, region),
    managedBy: managedBy(cloud, region),
  })),
  EnableImageBlockPublicAccess: action(
    { ImageBlockPublicAccessState: required(oneOf('block-new-sharing')) },
    ({ cloud, region }, input) => {
      refuseIfManaged(cloud, region);
      const state = input.ImageBlockPublicAccessState;
      changeImageBlock(cloud, region, state);
      return { imageBlockPublicAccessState: state };
    },
  ),
  DisableImageBlockPublicAccess: action({}, ({ cloud, region }) => {
    refuseIfManaged(cloud, region);
    changeImageBlock(cloud, region, 'unblocked');
    return { imageBlockPublicAccessState: 'unblocked' };
  }),

  GetSnapshotBlockPublicAccessState: action({}, ({ cloud, region }) => ({
    state: accountOf(cloud, region).snapshotBlockPublicAccess,
    managedBy: managedBy(cloud, region),
  })),
  EnableSnapshotBlockPublicAccess: action(
    { State: required(oneOf('block-all-sharing', 'block-new-sharing')) },
    ({ cloud, region }, input) => {
      refuseIfManaged(cloud, region);
      change(cloud, region, { snapshotBlockPublicAccess: input.State });
      return { state: input.State };
    },
  ),
  DisableSnapshotBlockPublicAccess: action({}, ({ cloud, region }) => {
    refuseIfManaged(cloud, region);
    change(cloud, region, { snapshotBlockPublicAccess: 'unblocked' });
    return { state: 'unblocked' };
  }),

  DescribeAccountAttributes: action({ AttributeName: list(text) }, ({ cloud, region }, input) => {
    const attributes = accountAttributes(cloud, region);
    for (const name of input.AttributeName) {
      if (!Object.hasOwn(attributes, name)) throw unknownAttribute(name);
    }
    const names = input.AttributeName.length > 0 ? input.AttributeName : Object.keys(attributes);
    return {
      accountAttributeSet: names.map((name) => ({
        attributeName: name,
        attributeValueSet: (attributes[name] ?? []).map((attributeValue) => ({ attributeValue })),
      })),
    };
  }),
};

function unknownAttribute(name: string): CloudError {
  if (name === '') return missingParameter('AttributeName');
  return new CloudError(
    'InvalidParameterValue',
    `Value (${name}) for parameter attributeName is invalid.`,
  );
}
