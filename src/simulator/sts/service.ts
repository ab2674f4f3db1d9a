/** STS: who the caller is, sessions of roles, and what a denial was about. */

import { accessDenied, commonForms } from '../faults/error-forms.js';
import { awsQuery, invalidAction } from '../http/protocols/query.js';
import { signatureSkewMs } from '../http/sigv4.js';
import { arnOf } from '../partition.js';
import type { Service } from '../service.js';
import { assumeRole } from './assume-role.js';
import { decodeAuthorizationMessage } from './decode-message.js';

const version = '2011-06-15';

export const stsService: Service = {
  name: 'sts',
  protocol: awsQuery({ version, namespace: `https://sts.amazonaws.com/doc/${version}/` }),
  actions: new Map([
    [
      'GetCallerIdentity',
      ({ cloud, principal }) => {
        if (cloud.iam.isOn) {
          const { arn, userId } = cloud.iam.callerOf(principal);
          return { Arn: arn, UserId: userId, Account: cloud.accountId };
        }
        return {
          Arn: arnOf('iam', {
            partition: cloud.settings.partition,
            account: cloud.accountId,
            resource: 'user/fedimg',
          }),
          UserId: 'AIDAFEDIMGLOCALCLOUD1',
          Account: cloud.accountId,
        };
      },
    ],
    ['AssumeRole', assumeRole],
    ['DecodeAuthorizationMessage', decodeAuthorizationMessage],
  ]),
  unknownAction: (action) =>
    invalidAction(`Could not find operation ${action} for version ${version}`),
  throttles: () => [],
  faults: { ...commonForms, refusal: ({ action }) => accessDenied('sts', action) },
  signatureErrors: {
    missing: ['MissingAuthenticationToken', 403],
    incomplete: ['IncompleteSignature', 400],
    'unknown-key': ['InvalidClientTokenId', 403],
    'unknown-session': ['InvalidClientTokenId', 403],
    'expired-session': ['ExpiredToken', 403],
    mismatch: ['SignatureDoesNotMatch', 403],
    expired: ['SignatureDoesNotMatch', 403],
  },
  signatureSkewMs,
};
