/** How services refuse a caller without permission, and the encoded message that STS decodes. */

import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import type { Cloud } from '../cloud.js';
import { CloudError } from '../errors.js';
import type { Decision } from './decision.js';

/**
 * IAM user guide, "Troubleshoot access denied error messages": the form of the text. EC2 API reference,
 * UnauthorizedOperation: it has an encoded message, too; AccessDeniedException and AccessDenied have none.
 */
export function denial(cloud: Cloud, service: string, decision: Decision): CloudError {
  const { principal, action, resource, verdict } = decision;
  const because =
    verdict === 'explicit-deny'
      ? 'with an explicit deny in an identity-based policy'
      : `because no identity-based policy allows the ${action} action`;
  const text = `User: ${principal} is not authorized to perform: ${action}${resource === '*' ? '' : ` on resource: ${resource}`} ${because}`;
  if (service === 'ec2') {
    const encoded = encodeDecision(cloud, decision);
    return new CloudError(
      'UnauthorizedOperation',
      `You are not authorized to perform this operation. ${text}. Encoded authorization failure message: ${encoded}`,
      403,
    );
  }
  if (service === 'sts' || service === 'iam') return new CloudError('AccessDenied', text, 403);
  return new CloudError('AccessDeniedException', text, service === 'ssm' ? 400 : 403);
}

const algorithm = 'aes-256-gcm';

/** One key for each state directory, so that a message can be decoded after a restart. */
function keyOf({ stateDir }: Cloud): Buffer {
  return createHash('sha256').update(`authorization message ${stateDir}`).digest();
}

/** The caller cannot read it: it names policies and tags that the caller need not know. */
function encodeDecision(cloud: Cloud, decision: Decision): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv(algorithm, keyOf(cloud), nonce);
  const text = JSON.stringify(decodedMessage(decision));
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url');
}

/** STS API reference, DecodeAuthorizationMessage; throws InvalidAuthorizationMessageException. */
export function decodeMessage(cloud: Cloud, encoded: string): string {
  try {
    const bytes = Buffer.from(encoded, 'base64url');
    const decipher = createDecipheriv(algorithm, keyOf(cloud), bytes.subarray(0, 12));
    decipher.setAuthTag(bytes.subarray(12, 28));
    const opened = [decipher.update(bytes.subarray(28)), decipher.final()];
    return Buffer.concat(opened).toString('utf8');
  } catch {
    throw new CloudError(
      'InvalidAuthorizationMessageException',
      'The message is not an authorization message of this account.',
    );
  }
}

/** The members that the reference lists: the kind of denial, principal, action, resource, and the context's keys. */
function decodedMessage({ principal, action, resource, context, verdict }: Decision): unknown {
  return {
    allowed: false,
    explicitDeny: verdict === 'explicit-deny',
    matchedStatements: { items: [] },
    failures: { items: [] },
    context: {
      principal: { arn: principal },
      action,
      resource,
      conditions: {
        items: Object.entries(context).map(([key, value]) => ({
          key,
          values: { items: [value].flat().map((one) => ({ value: one })) },
        })),
      },
    },
  };
}
