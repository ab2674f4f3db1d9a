/** An HTTP server that stands between a client and another server: a hook decides what happens to each request. */

import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RelayedAnswer {
  readonly status: number;
  readonly headers?: IncomingMessage['headers'];
  readonly body?: Buffer;
}

export interface RelayedRequest {
  readonly message: IncomingMessage;
  readonly body: Buffer;
  /** Sends the request on to an http URL without a path; undefined when that server cut the connection. */
  readonly sendTo: (upstream: URL) => Promise<RelayedAnswer | undefined>;
  /** Resolves when the client has the answer. */
  readonly answered: Promise<void>;
}

/** `cut` destroys the connection, `hang` never answers. */
export type RelayVerdict = RelayedAnswer | 'cut' | 'hang';

export interface Relay {
  readonly url: string;
  close(): Promise<void>;
}

export async function openRelay(
  hook: (request: RelayedRequest) => Promise<RelayVerdict>,
): Promise<Relay> {
  const agent = new Agent({ keepAlive: true });
  const server = createServer((message, response) => {
    response.on('error', () => undefined);
    pass({ agent, hook, message, response }).catch(() => message.socket.destroy());
  });
  // Longer than clients keep idle connections, so that the relay never closes one in use.
  server.keepAliveTimeout = 75_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
      agent.destroy();
    },
  };
}

async function pass(exchange: {
  readonly agent: Agent;
  readonly hook: (request: RelayedRequest) => Promise<RelayVerdict>;
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
}): Promise<void> {
  const { agent, hook, message, response } = exchange;
  const body = await readAll(message);
  const answered = new Promise<void>((resolve) => response.once('finish', resolve));
  const sendTo = (upstream: URL) => forward({ agent, upstream, message, body });
  const verdict = await hook({ message, body, sendTo, answered });
  if (verdict === 'hang') return;
  if (verdict === 'cut') return void message.socket.destroy();
  response.writeHead(verdict.status, verdict.headers).end(verdict.body);
}

/** The Host header goes on as it came, since signatures cover it. */
function forward(call: {
  readonly agent: Agent;
  readonly upstream: URL;
  readonly message: IncomingMessage;
  readonly body: Buffer;
}): Promise<RelayedAnswer | undefined> {
  const { agent, upstream, message, body } = call;
  const { method, url: path, headers } = message;
  const { hostname: host, port } = upstream;
  return new Promise((resolve) => {
    const lost = (): void => resolve(undefined);
    const sent = httpRequest({ agent, host, port, method, path, headers }, (incoming) => {
      const { statusCode: status = 0, headers: received } = incoming;
      readAll(incoming).then((read) => resolve({ status, headers: received, body: read }), lost);
    });
    sent.on('error', lost);
    sent.end(body);
  });
}

async function readAll(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
