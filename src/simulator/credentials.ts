/** The one key pair that the local cloud accepts. */

import { randomBytes } from 'node:crypto';

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
