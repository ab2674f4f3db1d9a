/** The HTTP server: it listens on loopback, refuses web pages, and separates the API from control requests. */

import http from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Api } from './api.js';
import { answerApi } from './api.js';
import { answerControl, controlPrefix } from './control.js';
import { ec2Service } from '../ec2/service.js';
import { CloudError } from '../errors.js';

export interface RunningServer {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** Listens on 127.0.0.1; rejects when the port is taken. */
export async function startServer(api: Api, port: number): Promise<RunningServer> {
  const server = http.createServer((message, response) => {
    void answer(api, message, response);
  });
  // Longer than the SDK keeps idle connections, so that the server never closes one in use.
  server.keepAliveTimeout = 75_000;
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    answerMalformed(error, socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host: '127.0.0.1' }, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
  const { port: listening } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${listening}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(api: Api, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const hold = api.cloud.clock.hold();
  response.on('error', () => undefined).once('close', () => hold.release());
  const refusal = refuseStranger(message);
  if (refusal !== undefined) {
    response.writeHead(403, { 'content-type': 'text/plain', connection: 'close' });
    response.end(`${refusal}\n`);
    return;
  }
  if ((message.url ?? '').startsWith(controlPrefix)) await answerControl(api, message, response);
  else await answerApi(api, { message, response, hold });
}

/**
 * This server runs commands for its callers, and a web page can reach a loopback port. Its requests carry
 * an Origin, or, with DNS rebinding, a Host that is not a loopback name.
 */
function refuseStranger(message: IncomingMessage): string | undefined {
  if (message.headers.origin !== undefined) {
    return 'Requests of web pages (with an Origin header) are refused.';
  }
  const host = message.headers.host;
  if (host === undefined) return 'Requests without a Host header are refused.';
  const name = host.replace(/:\d{1,5}$/, '').toLowerCase();
  const isLoopback =
    /^127(?:\.\d{1,3}){3}$/.test(name) || name === '[::1]' || /^(?:[\w-]+\.)*localhost$/.test(name);
  return isLoopback ? undefined : 'Only loopback names are accepted as Host.';
}

/** Answers malformed HTTP and headers that are too large, and closes the connection. */
function answerMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const isTooLarge = error.code === 'HPE_HEADER_OVERFLOW';
  const status = isTooLarge ? '431 Request Header Fields Too Large' : '400 Bad Request';
  const body = ec2Service.protocol.writeError(
    new CloudError('MalformedQueryString', 'The request is not well-formed HTTP.'),
    '00000000-0000-0000-0000-000000000000',
  );
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: text/xml;charset=UTF-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
