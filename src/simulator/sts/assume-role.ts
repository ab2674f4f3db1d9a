/** AssumeRole: temporary keys of a role, for whom its trust policy names. */

import { CloudError } from '../errors.js';
import { denial } from '../iam/denial.js';
import { evaluate } from '../iam/evaluate.js';
import { uniqueId } from '../iam/iam-book.js';
import { ignored, integer, readShape, required, text } from '../input.js';
import { arnOf, globalResource } from '../partition.js';
import type { ServiceCall } from '../service.js';

const input = {
  RoleArn: required(text),
  RoleSessionName: required(text),
  DurationSeconds: integer,
  ExternalId: text,
  PolicyArns: ignored,
  Tags: ignored,
  TransitiveTagKeys: ignored,
  SourceIdentity: ignored,
};

/** STS API reference, AssumeRole: an hour by default, from 15 minutes to the role's maximum of an hour or more. */
const secondsDefault = 3600;
const secondsMin = 900;
const secondsMax = 43_200;

export async function assumeRole(call: ServiceCall): Promise<unknown> {
  const { cloud, parameters, principal } = call;
  const asked = readShape(input, parameters);
  const { RoleArn: arn, RoleSessionName: sessionName } = asked;
  const seconds = asked.DurationSeconds ?? secondsDefault;
  if (!/^[\w+=,.@-]{2,64}$/.test(sessionName)) {
    throw new CloudError(
      'ValidationError',
      `RoleSessionName ${sessionName.slice(0, 80)} must be 2 to 64 of A-Z a-z 0-9 _+=,.@-`,
    );
  }
  if (seconds < secondsMin || seconds > secondsMax) {
    throw new CloudError(
      'ValidationError',
      `DurationSeconds ${seconds} must be from ${secondsMin} to ${secondsMax}.`,
    );
  }
  const name =
    /^role\/(?:.*\/)?([^/]+)$/.exec(globalResource(arn, 'iam', cloud.settings.partition))?.[1] ??
    '';
  const role = cloud.iam.role(name);
  const caller = cloud.iam.callerOf(principal);
  const action = 'sts:AssumeRole';
  const context = {
    'sts:RoleSessionName': sessionName,
    ...(asked.ExternalId === undefined ? {} : { 'sts:ExternalId': asked.ExternalId }),
  };
  const question = { action, resource: arn, resourceType: 'role', context };
  // A role that does not exist is refused in the same words: STS does not say which roles there are.
  const verdict =
    role === undefined
      ? 'implicit-deny'
      : await evaluate({
          caller,
          accountId: cloud.accountId,
          authorization: question,
          resourcePolicy: role.trust,
        });
  const decision = { principal: caller.arn, action, resource: arn, context, verdict };
  cloud.iam.note(decision);
  if (role === undefined || verdict !== 'allowed') throw denial(cloud, 'sts', decision);
  const session = cloud.iam.openSession(role, sessionName, seconds * 1000);
  return {
    Credentials: {
      AccessKeyId: session.credentials.accessKeyId,
      SecretAccessKey: session.credentials.secretAccessKey,
      SessionToken: session.credentials.sessionToken,
      Expiration: new Date(session.expiresAt).toISOString(),
    },
    AssumedRoleUser: {
      AssumedRoleId: `${uniqueId('AROA', name)}:${sessionName}`,
      Arn: arnOf('sts', {
        partition: cloud.settings.partition,
        account: cloud.accountId,
        resource: `assumed-role/${name}/${sessionName}`,
      }),
    },
  };
}
