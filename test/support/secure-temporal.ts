/** The suite's Temporal server behind TLS, as a company's ingress or Temporal Cloud has it: an HTTP/2 relay in this process. */

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type {
  ClientHttp2Session,
  IncomingHttpHeaders,
  OutgoingHttpHeaders,
  ServerHttp2Stream,
} from 'node:http2';
import { connect, constants, createSecureServer } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import type { Certificate } from './certificates.js';

export interface SecureTemporalOptions {
  /** Of the server that does the work. */
  readonly upstream: string;
  readonly certificate: Certificate;
  /** Clients must have a certificate of this authority. */
  readonly clientCaFile?: string;
  /** Calls must have this key. */
  readonly apiKey?: string;
}

/** One call, as it came through TLS. */
export interface SeenCall {
  /** Such as `PollWorkflowTaskQueue`. */
  readonly method: string;
  readonly authorization: string | undefined;
  readonly namespace: string | undefined;
  /** The common name of the client's certificate. */
  readonly client: string | undefined;
}

export interface SecureTemporal {
  readonly address: string;
  readonly seen: readonly SeenCall[];
  readonly close: () => Promise<void>;
}

/** gRPC's UNAUTHENTICATED. */
const UNAUTHENTICATED = '16';

export async function startSecureTemporal(options: SecureTemporalOptions): Promise<SecureTemporal> {
  const { certificate, clientCaFile } = options;
  const server = createSecureServer({
    cert: await readFile(certificate.certFile),
    key: await readFile(certificate.keyFile),
    ...(clientCaFile === undefined
      ? {}
      : { ca: await readFile(clientCaFile), requestCert: true, rejectUnauthorized: true }),
  });
  const upstream = connect(`http://${options.upstream}`);
  // A session that ends with a call under way rejects that call, and the call reports it.
  upstream.on('error', () => undefined);
  const sockets = new Set<Socket>();
  server.on('secureConnection', (socket: Socket) => sockets.add(socket));
  const seen: SeenCall[] = [];
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    stream.on('error', () => undefined);
    const call = seenCall(stream, headers);
    seen.push(call);
    if (options.apiKey !== undefined && call.authorization !== `Bearer ${options.apiKey}`) {
      stream.respond(
        {
          ...{ ':status': 200, 'content-type': 'application/grpc' },
          ...{ 'grpc-status': UNAUTHENTICATED, 'grpc-message': 'Request unauthorized.' },
        },
        { endStream: true },
      );
      return;
    }
    relay(stream, headers, upstream);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    // By its name: gRPC for Node warns of a TLS server that has an IP address.
    address: `localhost:${(server.address() as AddressInfo).port}`,
    seen,
    close: async () => {
      upstream.destroy();
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function seenCall(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): SeenCall {
  const socket = stream.session?.socket as { getPeerCertificate?: () => unknown } | undefined;
  const peer = socket?.getPeerCertificate?.() as { subject?: { CN?: string } } | undefined;
  const namespace = headers['temporal-namespace'];
  return {
    method: headers[':path']?.split('/').at(-1) ?? '',
    authorization: headers.authorization,
    namespace: typeof namespace === 'string' ? namespace : undefined,
    client: peer?.subject?.CN,
  };
}

/** Passes one call on, with its trailers: gRPC's status is in them. */
function relay(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  upstream: ClientHttp2Session,
): void {
  const request = upstream.request({ ...headers, ':scheme': 'http' });
  let trailers: OutgoingHttpHeaders = {};
  request.on('response', (answer, flags) => {
    if (stream.destroyed) return;
    if ((flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0) {
      stream.respond(answer, { endStream: true });
      return;
    }
    stream.respond(answer, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    request.pipe(stream);
  });
  request.on('trailers', (received: IncomingHttpHeaders) => {
    trailers = received;
  });
  request.on('error', () => stream.close(constants.NGHTTP2_INTERNAL_ERROR));
  stream.on('close', () => request.close(constants.NGHTTP2_CANCEL));
  stream.pipe(request);
}
