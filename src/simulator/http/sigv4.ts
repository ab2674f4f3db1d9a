/** Verifies Signature Version 4, in the Authorization header or in a presigned query. */

import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Credentials } from '../credentials.js';

export type SignatureProblem =
  'missing' | 'incomplete' | 'unknown-key' | 'unknown-session' | 'mismatch' | 'expired';

export class SignatureError extends Error {
  override readonly name = 'SignatureError';
  readonly problem: SignatureProblem;

  constructor(problem: SignatureProblem, message: string) {
    super(message);
    this.problem = problem;
  }
}

export interface Scope {
  readonly accessKeyId: string;
  readonly date: string;
  readonly region: string;
  readonly service: string;
}

interface Claim {
  readonly scope: Scope;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  /** `YYYYMMDDTHHMMSSZ` */
  readonly time: string;
  readonly sessionToken: string | undefined;
  readonly expiresSeconds: number | undefined;
}

export interface SignedRequest {
  readonly message: IncomingMessage;
  /** Path and query exactly as they came. */
  readonly path: string;
  readonly query: readonly (readonly [string, string])[];
  readonly body: Buffer;
}

const algorithm = 'AWS4-HMAC-SHA256';
/** IAM user guide, "Signing AWS API requests": a request must arrive within five minutes of its time stamp. */
export const signatureSkewMs = 5 * 60_000;
const presignedMaxSeconds = 7 * 24 * 3600;

/** Reads whose signature it claims to be, without checking it. */
export function readClaim(request: SignedRequest): Claim {
  const authorization = request.message.headers.authorization;
  const query = new Map(request.query);
  if (authorization !== undefined) return headerClaim(authorization, request.message);
  if (query.get('X-Amz-Algorithm') === algorithm) return queryClaim(query);
  throw new SignatureError(
    'missing',
    'The request has no Authorization header and no signature in its query.',
  );
}

function headerClaim(authorization: string, message: IncomingMessage): Claim {
  if (!authorization.startsWith(`${algorithm} `)) {
    throw new SignatureError('incomplete', `Authorization header must start with ${algorithm}.`);
  }
  const parts = new Map(
    authorization
      .slice(algorithm.length + 1)
      .split(',')
      .map((part) => {
        const [name = '', ...value] = part.trim().split('=');
        return [name, value.join('=')] as const;
      }),
  );
  const credential = parts.get('Credential');
  const signedHeaders = parts.get('SignedHeaders');
  const signature = parts.get('Signature');
  const time = headerText(message, 'x-amz-date');
  if (!credential || !signedHeaders || !signature || !time) {
    throw new SignatureError(
      'incomplete',
      'Authorization header requires Credential, SignedHeaders and Signature, and the request an X-Amz-Date header.',
    );
  }
  return {
    scope: parseScope(credential),
    signedHeaders: signedHeaders.split(';'),
    signature,
    time,
    sessionToken: headerText(message, 'x-amz-security-token'),
    expiresSeconds: undefined,
  };
}

function queryClaim(query: ReadonlyMap<string, string>): Claim {
  const credential = query.get('X-Amz-Credential');
  const signedHeaders = query.get('X-Amz-SignedHeaders');
  const signature = query.get('X-Amz-Signature');
  const time = query.get('X-Amz-Date');
  const expires = query.get('X-Amz-Expires');
  if (!credential || !signedHeaders || !signature || !time) {
    throw new SignatureError(
      'incomplete',
      'The presigned query lacks one of its X-Amz parameters.',
    );
  }
  if (
    expires !== undefined &&
    !(/^\d{1,6}$/.test(expires) && Number(expires) <= presignedMaxSeconds)
  ) {
    throw new SignatureError(
      'incomplete',
      `X-Amz-Expires must be at most ${presignedMaxSeconds} seconds.`,
    );
  }
  return {
    scope: parseScope(credential),
    signedHeaders: signedHeaders.split(';'),
    signature,
    time,
    sessionToken: query.get('X-Amz-Security-Token'),
    expiresSeconds: expires === undefined ? undefined : Number(expires),
  };
}

function parseScope(credential: string): Scope {
  const [accessKeyId, date, region, service, terminator, ...rest] = credential.split('/');
  if (
    !accessKeyId ||
    !date ||
    !region ||
    !service ||
    terminator !== 'aws4_request' ||
    rest.length > 0
  ) {
    throw new SignatureError(
      'incomplete',
      'Credential must be KEY/DATE/REGION/SERVICE/aws4_request.',
    );
  }
  return { accessKeyId, date, region, service };
}

export interface SignatureTime {
  readonly nowMs: number;
  /** How old, or how far ahead, the time stamp may be. */
  readonly skewMs: number;
}

/** Checks key, time, headers, body and signature; throws SignatureError, answers the scope. */
export function verifySignature(
  request: SignedRequest,
  credentials: Credentials,
  time: SignatureTime,
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
  checkTime(claim, time);
  checkSignedHeaders(request.message, claim);
  const stringToSign = [
    algorithm,
    claim.time,
    `${scope.date}/${scope.region}/${scope.service}/aws4_request`,
    sha256(canonicalRequest(request, claim)),
  ].join('\n');
  const expected = createHmac('sha256', signingKey(credentials.secretAccessKey, scope))
    .update(stringToSign)
    .digest();
  const given = Buffer.from(/^[0-9a-f]{64}$/.test(claim.signature) ? claim.signature : '', 'hex');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw new SignatureError(
      'mismatch',
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.',
    );
  }
  return scope;
}

function checkTime(claim: Claim, { nowMs, skewMs }: SignatureTime): void {
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

function canonicalRequest(request: SignedRequest, claim: Claim): string {
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
    // Hashed here; the client's own hash is not trusted.
    sha256(request.body),
  ].join('\n');
}

/** All values of the header as sent, trimmed, inner blanks collapsed, joined by commas. */
function headerText(message: IncomingMessage, name: string): string | undefined {
  const values: string[] = [];
  for (let index = 0; index < message.rawHeaders.length; index += 2) {
    if (message.rawHeaders[index]?.toLowerCase() === name) {
      values.push((message.rawHeaders[index + 1] ?? '').trim().replace(/ +/g, ' '));
    }
  }
  return values.length === 0 ? undefined : values.join(',');
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
