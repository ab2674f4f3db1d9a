/** One API request: whose it is, for which service and region, what it asks. */

import type { IncomingMessage } from 'node:http';
import type { Cloud } from '../cloud.js';
import type { Credentials } from '../credentials.js';
import { CloudError } from '../errors.js';
import { isEnabled, regionsOf } from '../regions.js';
import type { Service } from '../service.js';
import { claimedService } from '../services.js';
import type { RequestContent } from './protocols/protocol.js';
import { decodeForm } from './query-protocol.js';
import type { Scope, SignedRequest } from './signature-claim.js';
import { readClaim, SignatureError } from './signature-claim.js';
import { signatureError } from './signature-error.js';
import { verifySignature } from './sigv4.js';

export interface ApiRequest extends RequestContent {
  readonly service: Service;
  readonly region: string;
  /** The caller's access key id. */
  readonly principal: string;
}

/** Checks the signature, the region and the form; throws CloudError as the service would. */
export function readApiRequest(
  cloud: Cloud,
  credentials: Credentials,
  message: IncomingMessage,
  body: Buffer,
): ApiRequest {
  const [path = '/', query = ''] = splitOnce(message.url ?? '/', '?');
  const service = claimedService(message);
  const methods = service.protocol.methods ?? ['POST', 'GET'];
  if (!methods.includes(message.method ?? '')) {
    throw new CloudError(
      'MethodNotAllowed',
      `The method ${message.method ?? ''} is not allowed.`,
      405,
    );
  }
  const request = { message, path, query: decodeForm(query), body };
  const scope = authenticate(service, request, { cloud, credentials });
  checkScope(cloud, scope, service);
  const { region, accessKeyId: principal } = scope;
  return { service, region, principal, ...service.protocol.read(request) };
}

function authenticate(
  service: Service,
  request: SignedRequest,
  { cloud, credentials }: { readonly cloud: Cloud; readonly credentials: Credentials },
): Scope {
  try {
    return verifySignature(request, keysOf(cloud, request) ?? credentials, {
      // Clients sign by this machine's time, whatever the cloud's clock shows.
      nowMs: Date.now(),
      skewMs: service.signatureSkewMs,
      mayLeaveBodyOut: service.protocol.isUnsignedPayload?.(request) ?? false,
    });
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    throw signatureError(service, error.problem, error.message);
  }
}

/** The keys of a user or a role's session; undefined where the request is signed with the cloud's own. */
function keysOf({ iam }: Cloud, request: SignedRequest): Credentials | undefined {
  if (!iam.isOn) return undefined;
  const { accessKeyId } = readClaim(request).scope;
  if (iam.isExpired(accessKeyId)) {
    const message = 'The security token included in the request is expired';
    throw new SignatureError('expired-session', message);
  }
  return iam.credentialsOf(accessKeyId);
}

const unknownKeyMessage = 'The security token included in the request is invalid.';

function checkScope(cloud: Cloud, scope: Scope, service: Service): void {
  if (scope.service !== service.name) {
    const [code, status] = service.signatureErrors.mismatch;
    const message = `Credential should be scoped to correct service: '${service.name}'.`;
    throw new CloudError(code, message, status);
  }
  const region = regionsOf(cloud).get(scope.region);
  // A region that is not enabled, or is of another partition, does not know the account's keys.
  if (region === undefined || !isEnabled(region, cloud.settings.optedInRegions)) {
    throw signatureError(service, 'unknown-key', unknownKeyMessage);
  }
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
