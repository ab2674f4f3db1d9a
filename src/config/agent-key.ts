/** Checks the file of `test.agent_key` on this machine before an instance is launched. */
import { readFile } from 'node:fs/promises';

/** The problem with the file, or `undefined`. */
export async function checkAgentKey(file: string): Promise<string | undefined> {
  const name = 'name a file with armored OpenPGP public keys';
  try {
    const text = await readFile(file, 'utf8');
    if (text.includes('-----BEGIN PGP PUBLIC KEY BLOCK-----')) return undefined;
    return text.includes('PRIVATE KEY')
      ? `is ${file}, which has a private key; ${name}`
      : `is ${file}, which has no armored public key; ${name} (gpg --armor --export)`;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return `is ${file}, which cannot be read (${code ?? String(error)}); ${name} (relative to this file)`;
  }
}
