/** Why a connection to Temporal did not come about: gRPC reports a time-out only, so this tries the TLS handshake itself. */

import type { ConnectionOptions as TlsOptions } from 'node:tls';
import { connect } from 'node:tls';
import type { TemporalSettings } from '../temporal-settings.js';

export interface TlsFault {
  readonly reason: string;
  readonly next: string;
}

type TlsSetting = TemporalSettings['connectionOptions']['tls'];

const HANDSHAKE_MS = 2_000;
/** With TLS 1.3, a server refuses the client's certificate only after the client's side of the handshake. */
const REFUSAL_MS = 300;

/** Undefined when TLS is not the cause. */
export async function tlsFault(address: string, tls: TlsSetting): Promise<TlsFault | undefined> {
  const [, host = '', port = '7233'] = /^(.*?)(?::(\d+))?$/.exec(address) ?? [];
  const place = { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
  const isSet = tls !== undefined && tls !== null && tls !== false;
  if (isSet) return faultOf(await handshake({ ...place, ...optionsOf(tls) }));
  const failure = await handshake({ ...place, rejectUnauthorized: false });
  // A server that asks for a client certificate speaks TLS, too.
  return failure === undefined || isRefusedCertificate(failure) ? NOT_SET : undefined;
}

const NOT_SET: TlsFault = {
  reason: 'the server answers with TLS only, and TLS is not set',
  next: 'Set TEMPORAL_TLS=true, and TEMPORAL_TLS_SERVER_CA_CERT_PATH if the server has an authority of its own; or set both in the profile.',
};

function optionsOf(tls: TlsSetting): TlsOptions {
  if (typeof tls !== 'object' || tls === null) return {};
  const { serverNameOverride, serverRootCACertificate: ca, clientCertPair } = tls;
  return {
    ...(ca ? { ca: Buffer.from(ca) } : {}),
    ...(serverNameOverride ? { servername: serverNameOverride } : {}),
    ...(clientCertPair
      ? { cert: Buffer.from(clientCertPair.crt), key: Buffer.from(clientCertPair.key) }
      : {}),
  };
}

/** Undefined when the server accepts the connection. */
function handshake(options: TlsOptions): Promise<Error | undefined> {
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const end = (failure: Error | undefined) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(failure);
    };
    let socket: ReturnType<typeof connect>;
    try {
      socket = connect({ ...options, ALPNProtocols: ['h2'], timeout: HANDSHAKE_MS });
    } catch (error) {
      // The certificate and the key do not belong together, or are not PEM.
      return resolve(error instanceof Error ? error : new Error(String(error)));
    }
    socket.once('error', end);
    socket.once('timeout', () => end(new Error('the server does not answer the TLS handshake')));
    socket.once('secureConnect', () => {
      timer = setTimeout(() => end(undefined), REFUSAL_MS);
    });
  });
}

function isRefusedCertificate(failure: Error): boolean {
  return /certificate required|handshake failure|bad certificate|unknown ca|certificate unknown/i.test(
    failure.message,
  );
}

function faultOf(failure: Error | undefined): TlsFault | undefined {
  if (failure === undefined) return undefined;
  const { code = '' } = failure as NodeJS.ErrnoException;
  if (/SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET_ISSUER)/.test(code)) {
    return {
      reason: `the certificate of the server is not from a known authority (${failure.message})`,
      next: 'Set TEMPORAL_TLS_SERVER_CA_CERT_PATH to the PEM file of its authority.',
    };
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return {
      reason: `the certificate of the server is for another name (${failure.message})`,
      next: 'Use the name of the certificate in TEMPORAL_ADDRESS, or set TEMPORAL_TLS_SERVER_NAME to it.',
    };
  }
  if (isRefusedCertificate(failure)) {
    return {
      reason: 'the server asks for a client certificate, and refuses the one that is set, if any',
      next: 'Set TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH to a pair that the server accepts.',
    };
  }
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG') {
    return {
      reason: 'the server does not answer with TLS, and TLS is set',
      next: 'Unset TEMPORAL_TLS, TEMPORAL_API_KEY and the TEMPORAL_TLS_* variables, or check the port of TEMPORAL_ADDRESS.',
    };
  }
  if (/^ERR_(?:OSSL|SSL|TLS)/.test(code)) {
    return {
      reason: `the TLS handshake fails (${failure.message})`,
      next: 'Check the files of the TEMPORAL_TLS_* variables or of the profile.',
    };
  }
  return undefined;
}
