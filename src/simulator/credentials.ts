/** The one key pair that the local cloud accepts, and its rotation. */

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { CloudError } from './errors.js';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** The environment's AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a pair made now. */
export function chooseCredentials(environment: NodeJS.ProcessEnv = process.env): Credentials {
  const accessKeyId = environment['AWS_ACCESS_KEY_ID'];
  const secretAccessKey = environment['AWS_SECRET_ACCESS_KEY'];
  const sessionToken = environment['AWS_SESSION_TOKEN'];
  if (accessKeyId && secretAccessKey) {
    return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
  }
  // AKIA and 16 of A-Z2-7: the form of a long-term access key id.
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const suffix = [...randomBytes(16)].map((byte) => letters.charAt(byte % 32)).join('');
  return {
    accessKeyId: `AKIA${suffix}`,
    secretAccessKey: randomBytes(30).toString('base64'),
  };
}

export interface KeyRing {
  /** The pair that signatures are checked against now. */
  readonly current: Credentials;
  /** Throws CloudError unless it is the secret of the current pair. */
  prove(secretAccessKey: string): void;
  /** Puts another pair in place of it; throws CloudError for a malformed change or a wrong secret. */
  rotate(change: unknown): void;
}

/** IAM API reference, AccessKey: the form of an access key id. */
const accessKeyId = z.string().regex(/^\w{16,128}$/, 'must be 16 to 128 letters and digits');
const rotation = z.strictObject({
  /** Proves that the sender may run commands here: control requests have no signature. */
  currentSecretAccessKey: z.string(),
  accessKeyId,
  secretAccessKey: z.string().min(1).max(200),
  sessionToken: z.string().min(1).max(4096).optional(),
});

/** A restart accepts the pair of the start again. */
export function openKeyRing(start: Credentials): KeyRing {
  let current = start;
  const prove = (secretAccessKey: string): void => {
    if (isSame(secretAccessKey, current.secretAccessKey)) return;
    throw new CloudError(
      'Forbidden',
      'currentSecretAccessKey is not the secret key that the local cloud accepts now.',
      403,
    );
  };
  return {
    prove,
    get current() {
      return current;
    },
    rotate: (change) => {
      const parsed = rotation.safeParse(change);
      if (!parsed.success) throw new CloudError('BadRequest', z.prettifyError(parsed.error));
      const { currentSecretAccessKey, sessionToken, ...pair } = parsed.data;
      prove(currentSecretAccessKey);
      current = { ...pair, ...(sessionToken === undefined ? {} : { sessionToken }) };
    },
  };
}

function isSame(one: string, other: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(one), hash(other));
}
