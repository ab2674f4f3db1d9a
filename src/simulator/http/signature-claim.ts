/** What a request claims about its signature: who signed, when, for which region and service. */

import type { IncomingMessage } from 'node:http';

export type SignatureProblem =
  | 'missing'
  | 'incomplete'
  | 'unknown-key'
  | 'unknown-session'
  | 'expired-session'
  | 'mismatch'
  | 'expired';

export class SignatureError extends Error {
  override readonly name = 'SignatureError';
  readonly problem: SignatureProblem;

  constructor(problem: SignatureProblem, message: string) {
    super(message);
    this.problem = problem;
  }
}

export const algorithm = 'AWS4-HMAC-SHA256';

export interface Scope {
  readonly accessKeyId: string;
  readonly date: string;
  readonly region: string;
  readonly service: string;
}

export interface Claim {
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

/** All values of the header as sent, trimmed, inner blanks collapsed, joined by commas. */
export function headerText(message: IncomingMessage, name: string): string | undefined {
  const values: string[] = [];
  for (let index = 0; index < message.rawHeaders.length; index += 2) {
    if (message.rawHeaders[index]?.toLowerCase() === name) {
      values.push((message.rawHeaders[index + 1] ?? '').trim().replace(/ +/g, ' '));
    }
  }
  return values.length === 0 ? undefined : values.join(',');
}
