/** STS as far as tools ask it before they begin: GetCallerIdentity. */

import type { Cloud } from './cloud.js';
import { CloudError } from './errors.js';
import type { ParameterTree } from './http/query-protocol.js';
import { writeXml } from './http/xml.js';

/** The answer's whole body (STS API reference, GetCallerIdentity). */
export function callerIdentity(cloud: Cloud, parameters: ParameterTree, requestId: string): string {
  const action = parameters.get('Action');
  if (action !== 'GetCallerIdentity') {
    const name = typeof action === 'string' ? action : '';
    throw new CloudError(
      'InvalidAction',
      `Could not find operation ${name} for version 2011-06-15`,
    );
  }
  const identity = {
    Arn: `arn:aws:iam::${cloud.accountId}:user/fedimg`,
    UserId: 'AIDAFEDIMGLOCALCLOUD1',
    Account: cloud.accountId,
  };
  return (
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">' +
    `<GetCallerIdentityResult>${writeXml(identity)}</GetCallerIdentityResult>` +
    `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata>` +
    '</GetCallerIdentityResponse>'
  );
}
