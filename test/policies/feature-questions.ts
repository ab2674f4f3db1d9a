/** Questions of features and rare steps that need services which the local cloud lacks, or settings beside the default. */

import { TAG, UNTESTED_PREFIX } from '../../src/model/ids/tags.js';
import type { Question } from './shipped.js';
import { ACCOUNT, INSTALLATION } from './shipped.js';

const [key = ''] = INSTALLATION.kms_keys;
const [parameter = ''] = INSTALLATION.ami_parameters;
const OURS = {
  'aws:ResourceTag/fedimg:deployment': INSTALLATION.deployment,
  'aws:ResourceTag/managed-by': 'fedimg',
};

/** EBS user guide, "Requirements for Amazon EBS encryption": what EC2 asks KMS in the name of the caller. */
function kms(action: string, region: string, domain = 'amazonaws.com'): Question {
  return {
    action: `kms:${action}`,
    resource: key,
    context: { 'kms:ViaService': `ec2.${region}.${domain}` },
  };
}

const keyUses = ['Decrypt', 'GenerateDataKeyWithoutPlaintext', 'ReEncryptFrom', 'ReEncryptTo'];

/** Tags that later steps set on results. */
function marks(...keys: readonly string[]): Question[] {
  return ['image/ami', 'snapshot/snap'].map((resource) => ({
    action: 'ec2:CreateTags',
    resource: `arn:aws:ec2:us-east-1::${resource}-0123456789abcdef0`,
    context: { ...OURS, 'aws:TagKeys': keys },
  }));
}

export const FEATURE_QUESTIONS: Readonly<Record<string, readonly Question[]>> = {
  'encrypted AMIs': [
    ...keyUses.map((action) => kms(action, 'us-east-1')),
    { action: 'kms:CreateGrant', resource: key, context: { 'kms:GrantIsForAWSResource': 'true' } },
    { action: 'kms:DescribeKey', resource: key, context: {} },
  ],
  'a partition in China': [
    ...keyUses.map((action) => kms(action, 'cn-north-1', 'amazonaws.com.cn')),
    {
      action: 'iam:PassRole',
      resource: `arn:aws:iam::${ACCOUNT}:role/${INSTALLATION.deployment}-utility`,
      context: { 'iam:PassedToService': 'ec2.amazonaws.com.cn' },
    },
  ],
  // Service Quotas API reference, GetServiceQuota: it has no answer where the account has only AWS's default.
  'a quota that the account has never asked for': [
    { action: 'servicequotas:GetAWSDefaultServiceQuota', resource: '*', context: {} },
  ],
  'AMIs of a failed test that are kept': marks(TAG.keepUntil),
  'results of an earlier run that a run adopts': marks(
    TAG.adoptedFrom,
    TAG.run,
    TAG.step,
    TAG.workflow,
  ),
  'images that cannot be tested': marks(`${UNTESTED_PREFIX}paravirtual`),
  'an AMI list with resolve:ssm': [
    { action: 'ssm:GetParameter', resource: parameter, context: {} },
  ],
  // SSM user guide, "Reference: ec2messages, ssmmessages, and other API operations".
  'the SSM agent': [
    'ssm:UpdateInstanceInformation',
    'ssmmessages:CreateControlChannel',
    'ssmmessages:CreateDataChannel',
    'ssmmessages:OpenControlChannel',
    'ssmmessages:OpenDataChannel',
  ].map((action) => ({ action, resource: '*', context: {} })),
};
