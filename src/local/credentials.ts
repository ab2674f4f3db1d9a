/** The key pair of a local cloud: made once, and kept over restarts where a stack keeps its state. */

import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

export interface LocalCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** A new pair in the form of a long-term key; only the local cloud accepts it. */
export function createLocalCredentials(): LocalCredentials {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const suffix = [...randomBytes(16)].map((byte) => letters.charAt(byte % 32)).join('');
  return {
    accessKeyId: `AKIA${suffix}`,
    secretAccessKey: randomBytes(30).toString('base64url'),
  };
}

/** The pair that `stateDir` keeps; makes it at the first start. */
export async function keptCredentials(stateDir: string): Promise<LocalCredentials> {
  const file = path.join(stateDir, 'credentials.json');
  try {
    return JSON.parse(await readFile(file, 'utf8')) as LocalCredentials;
  } catch {
    const credentials = createLocalCredentials();
    await writeFile(file, JSON.stringify(credentials), { mode: 0o600 });
    return credentials;
  }
}
