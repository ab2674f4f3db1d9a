/** The network between one worker and the cloud: it notes every call, and holds or cuts those that run into a trap. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request as httpRequest } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { readCall } from './call-site.js';
import { TrapSet } from './traps.js';

export interface Gate {
  readonly url: string;
  readonly traps: TrapSet;
  /** From now on nothing passes, and nothing that is under way is answered: the worker is dead. */
  kill(): void;
  close(): Promise<void>;
}

/** Never answered; the client's own patience, or its end, ends it. */
const NEVER = new Promise<never>(() => undefined);

/** Opens a gate in front of `upstream`, an http URL without a path. */
export async function openGate(upstream: string): Promise<Gate> {
  const target = new URL(upstream);
  const agent = new Agent({ keepAlive: true });
  const traps = new TrapSet();
  let dead = false;

  const pass = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readAll(message);
    const trap = traps.note(readCall(message, body.toString('utf8')));
    const kind = trap?.options.kind;
    if (dead) return NEVER;
    if (kind === 'hold-before' || kind === 'cut-before' || kind === 'answer') trap?.reach();
    if (kind === 'cut-before') return void message.socket.destroy();
    if (kind === 'answer') return void response.writeHead(trap?.options.status ?? 500).end();
    if (kind === 'hold-before') await trap?.released;
    if (dead) return NEVER;
    const answer = await forward({ agent, target, message, body });
    if (kind === 'hold-after' || kind === 'cut-after') trap?.reach();
    if (kind === 'cut-after') return void message.socket.destroy();
    if (kind === 'hold-after') await trap?.released;
    if (dead) return NEVER;
    if (answer === undefined) return void message.socket.destroy();
    response.writeHead(answer.status, answer.headers).end(answer.body);
  };

  const server = createServer((message, response) => {
    response.on('error', () => undefined);
    pass(message, response).catch(() => message.socket.destroy());
  });
  // Longer than clients keep idle connections, so that it is never the gate that closes one in use.
  server.keepAliveTimeout = 75_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    traps,
    kill: () => {
      dead = true;
    },
    close: async () => {
      dead = true;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
      agent.destroy();
    },
  };
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** The answer of the other side; undefined when that side cut the connection. */
function forward(call: {
  readonly agent: Agent;
  readonly target: URL;
  readonly message: IncomingMessage;
  readonly body: Buffer;
}): Promise<Answer | undefined> {
  const { agent, target, message, body } = call;
  const { method, url: path, headers } = message;
  const { hostname: host, port } = target;
  return new Promise((resolve) => {
    const lost = (): void => resolve(undefined);
    const sent = httpRequest({ agent, host, port, method, path, headers }, (incoming) => {
      const { statusCode: status = 0, headers: answered } = incoming;
      readAll(incoming).then((read) => resolve({ status, headers: answered, body: read }), lost);
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
