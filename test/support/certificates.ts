/** A throw-away certificate authority, by the openssl command. */

import { join } from 'node:path';
import { CommandError, runCommand } from '../../src/local/processes/run-command.js';

export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
}

export interface CertificateRequest {
  /** Names the files. */
  readonly name: string;
  readonly commonName: string;
  readonly usage: 'serverAuth' | 'clientAuth';
  /** As openssl writes them: `DNS:localhost,IP:127.0.0.1`. */
  readonly alternativeNames?: string;
}

export interface CertificateAuthority {
  readonly caFile: string;
  readonly issue: (request: CertificateRequest) => Promise<Certificate>;
}

const OPENSSL_LIMIT_MS = 30_000;
// Curves, as an RSA key may take a second to find.
const NEW_KEY = ['-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** Makes an authority whose files, and those of its certificates, are in `directory`. */
export async function createAuthority(directory: string): Promise<CertificateAuthority> {
  const caFile = join(directory, 'ca.crt');
  const caKeyFile = join(directory, 'ca.key');
  await openssl([
    ...['-subj', '/CN=test authority', '-out', caFile, '-keyout', caKeyFile],
    ...['-addext', 'keyUsage=critical,keyCertSign,cRLSign'],
  ]);
  const issue = async (request: CertificateRequest): Promise<Certificate> => {
    const { name, commonName, usage, alternativeNames } = request;
    const certFile = join(directory, `${name}.crt`);
    const keyFile = join(directory, `${name}.key`);
    const names = alternativeNames === undefined ? [] : [`subjectAltName=${alternativeNames}`];
    const extensions = [
      'basicConstraints=critical,CA:FALSE',
      `extendedKeyUsage=${usage}`,
      ...names,
    ];
    await openssl([
      ...['-CA', caFile, '-CAkey', caKeyFile, '-subj', `/CN=${commonName}`],
      ...['-out', certFile, '-keyout', keyFile],
      ...extensions.flatMap((extension) => ['-addext', extension]),
    ]);
    return { certFile, keyFile };
  };
  return { caFile, issue };
}

async function openssl(args: readonly string[]): Promise<void> {
  try {
    await runCommand('openssl', ['req', '-x509', ...NEW_KEY, '-days', '2', ...args], {
      timeoutMs: OPENSSL_LIMIT_MS,
    });
  } catch (error) {
    if (error instanceof CommandError && error.message.endsWith(': not found')) {
      throw new Error('openssl is not installed (Debian: apt-get install openssl)', {
        cause: error,
      });
    }
    throw error;
  }
}
