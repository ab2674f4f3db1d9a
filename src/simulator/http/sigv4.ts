/** Verifies Signature Version 4, in the Authorization header or in a presigned query. */

import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Credentials } from '../credentials.js';
import type { Claim, Scope, SignedRequest } from './signature-claim.js';
import { algorithm, headerText, readClaim, SignatureError } from './signature-claim.js';

/** IAM user guide, "Signing AWS API requests": a request must arrive within five minutes of its time stamp. */
export const signatureSkewMs = 5 * 60_000;

export interface SignatureRules {
  readonly nowMs: number;
  /** How old, or how far ahead, the time stamp may be. */
  readonly skewMs: number;
  /** The operation is one whose payload need not be signed. */
  readonly mayLeaveBodyOut?: boolean;
}

/** Signature Version 4 has this in the place of the body's hash where the body is not signed. */
const unsignedPayload = 'UNSIGNED-PAYLOAD';

/** Checks key, time, headers, body and signature; throws SignatureError, answers the scope. */
export function verifySignature(
  request: SignedRequest,
  credentials: Credentials,
  rules: SignatureRules,
): Scope {
  const claim = readClaim(request);
  const { scope } = claim;
  if (scope.accessKeyId !== credentials.accessKeyId) {
    throw new SignatureError(
      'unknown-key',
      'The security token included in the request is invalid.',
    );
  }
  if (claim.sessionToken !== credentials.sessionToken) {
    throw new SignatureError(
      'unknown-session',
      'The security token included in the request is invalid.',
    );
  }
  checkTime(claim, rules);
  checkSignedHeaders(request.message, claim);
  const key = signingKey(credentials.secretAccessKey, scope);
  const isSigned = payloadHashes(request, rules).some((hash) =>
    matches(claim, signatureOf(key, claim, canonicalRequest(request, claim, hash()))),
  );
  if (!isSigned) {
    throw new SignatureError(
      'mismatch',
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.',
    );
  }
  return scope;
}

/**
 * What the signature may have in the place of the body's hash. The body is hashed here; the client's own hash is not
 * trusted. A client that leaves the body out states this in a header; botocore leaves the header out, too.
 */
function payloadHashes(
  { message, body }: SignedRequest,
  { mayLeaveBodyOut = false }: SignatureRules,
): readonly (() => string)[] {
  const hashed = (): string => sha256(body);
  if (!mayLeaveBodyOut) return [hashed];
  const leftOut = (): string => unsignedPayload;
  const claimed = headerText(message, 'x-amz-content-sha256');
  if (claimed === undefined) return [leftOut, hashed];
  return [claimed === unsignedPayload ? leftOut : hashed];
}

function signatureOf(key: Buffer, { scope, time }: Claim, canonical: string): Buffer {
  const stringToSign = [
    algorithm,
    time,
    `${scope.date}/${scope.region}/${scope.service}/aws4_request`,
    sha256(canonical),
  ].join('\n');
  return createHmac('sha256', key).update(stringToSign).digest();
}

function matches({ signature }: Claim, expected: Buffer): boolean {
  const given = Buffer.from(/^[0-9a-f]{64}$/.test(signature) ? signature : '', 'hex');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function checkTime(claim: Claim, { nowMs, skewMs }: SignatureRules): void {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(claim.time);
  if (match === null || !claim.time.startsWith(claim.scope.date)) {
    throw new SignatureError(
      'incomplete',
      'The date must be YYYYMMDDTHHMMSSZ and of the same day as the credential scope.',
    );
  }
  const [, year, month, day, hour, minute, second] = match.map(Number);
  const signedMs = Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second);
  const lifeMs = claim.expiresSeconds === undefined ? skewMs : claim.expiresSeconds * 1000;
  if (signedMs - nowMs > skewMs || nowMs - signedMs > lifeMs) {
    throw new SignatureError('expired', `Request has expired. Timestamp date is ${claim.time}.`);
  }
}

function checkSignedHeaders(message: IncomingMessage, claim: Claim): void {
  const signed = new Set(claim.signedHeaders);
  const unsigned = Object.keys(message.headers).find(
    (name) => name.startsWith('x-amz-') && !signed.has(name),
  );
  if (!signed.has('host') || unsigned !== undefined) {
    throw new SignatureError(
      'mismatch',
      `The header ${unsigned ?? 'host'} is present in the request but was not signed.`,
    );
  }
}

function canonicalRequest(request: SignedRequest, claim: Claim, payloadHash: string): string {
  const query = request.query
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [uriEncode(name), uriEncode(value)] as const)
    .sort(
      ([name, value], [otherName, otherValue]) =>
        order(name, otherName) || order(value, otherValue),
    )
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  return [
    request.message.method ?? '',
    request.path.split('/').map(uriEncode).join('/'),
    query,
    ...claim.signedHeaders.map((name) => `${name}:${headerText(request.message, name) ?? ''}`),
    '',
    claim.signedHeaders.join(';'),
    payloadHash,
  ].join('\n');
}

function uriEncode(part: string): string {
  return encodeURIComponent(part.replace(/\p{Surrogate}/gu, '\ufffd')).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function order(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

const signingKeys = new Map<string, Buffer>();

function signingKey(secretAccessKey: string, scope: Scope): Buffer {
  const name = `${secretAccessKey} ${scope.date} ${scope.region} ${scope.service}`;
  const known = signingKeys.get(name);
  if (known !== undefined) return known;
  const hmac = (key: Buffer | string, data: string): Buffer =>
    createHmac('sha256', key).update(data).digest();
  const key = [scope.date, scope.region, scope.service, 'aws4_request'].reduce(
    hmac,
    Buffer.from(`AWS4${secretAccessKey}`),
  );
  // One day's regions and services fit many times; hostile scopes must not fill the memory.
  if (signingKeys.size > 1000) signingKeys.clear();
  signingKeys.set(name, key);
  return key;
}
