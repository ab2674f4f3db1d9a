/** The keys that sign AWS's package of the SSM agent. */

import { readFileSync } from 'node:fs';

/**
 * Systems Manager user guide, "Verifying the signature of SSM Agent"
 * (docs.aws.amazon.com/systems-manager/latest/userguide/verify-agent-signature.html). AWS replaces the key before it
 * expires; until this file follows, test.agent_key names the new one.
 */
export const AGENT_KEY = {
  file: new URL('./amazon-ssm-agent.asc', import.meta.url),
  fingerprint: '1C5B395CBE5E74E2F1CA21592784DBF388D19D46',
  expires: '2027-11-25',
} as const;

const BLOCK =
  /-----BEGIN PGP PUBLIC KEY BLOCK-----\r?\n(?:[\w-]+: [^\n]*\n)*\r?\n([A-Za-z0-9+/=\r\n]+?)(?:\r?\n=[A-Za-z0-9+/]{4})?\s*-----END PGP PUBLIC KEY BLOCK-----/g;

/** A keyring of all keys in the armored text, in base64: gpgv reads no armor. Undefined when there is none. */
export function keyringOf(armored: string): string | undefined {
  const keys = [...armored.matchAll(BLOCK)].map(([, body = '']) => Buffer.from(body, 'base64'));
  return keys.length === 0 ? undefined : Buffer.concat(keys).toString('base64');
}

let published: string | undefined;

/** That of AWS's key, as this package has it. */
export function publishedKeyring(): string {
  published ??= keyringOf(readFileSync(AGENT_KEY.file, 'utf8'));
  if (published === undefined) throw new TypeError('the package has no key of the SSM agent');
  return published;
}
