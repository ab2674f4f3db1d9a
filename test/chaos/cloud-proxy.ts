/** The network between workers and the local cloud: it counts every call, and does with it what a hook says. */

import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readCall } from '../matrix/call-site.js';
import type { CallPoint } from './fault.js';

export interface ProxiedCall extends CallPoint {
  /** Whose door it came in by. */
  readonly door: string;
  readonly userAgent: string;
}

/** `cut` destroys the connection, `hang` never answers. */
export type Verdict = 'pass' | 'cut' | 'hang';

export interface CallHook {
  /** The call has not been sent on. */
  before(call: ProxiedCall): Promise<Verdict>;
  /** The cloud has answered, the caller has not heard it. */
  after(call: ProxiedCall): Promise<Verdict>;
  /** The caller has the answer. */
  answered(call: ProxiedCall): void;
}

const PASS: CallHook = {
  before: () => Promise.resolve('pass'),
  after: () => Promise.resolve('pass'),
  answered: () => undefined,
};

export class CloudProxy {
  readonly #agent = new Agent({ keepAlive: true });
  readonly #doors = new Map<string, { url: string; close: () => Promise<void> }>();
  #upstream: URL | undefined;
  #hook = PASS;
  #counts = new Map<string, number>();
  #calls: CallPoint[] = [];

  /** Where calls go from now on; counts begin anew. Undefined: everything is cut. */
  connect(upstream: string | undefined, hook: CallHook = PASS): void {
    this.#upstream = upstream === undefined ? undefined : new URL(upstream);
    this.#hook = hook;
    this.#counts = new Map();
    this.#calls = [];
  }

  /** The calls since `connect`, in their order. */
  calls(): readonly CallPoint[] {
    return this.#calls;
  }

  /** An address of its own for one worker process, so that the hook knows who calls. */
  async open(door: string): Promise<string> {
    const server = createServer((message, response) => {
      response.on('error', () => undefined);
      this.#pass(door, message, response).catch(() => message.socket.destroy());
    });
    // Longer than clients keep idle connections, so that it is never the proxy that closes one in use.
    server.keepAliveTimeout = 75_000;
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const close = async (): Promise<void> => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    };
    this.#doors.set(door, { url, close });
    return url;
  }

  async shut(door: string): Promise<void> {
    const open = this.#doors.get(door);
    this.#doors.delete(door);
    await open?.close();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#doors.keys()].map((door) => this.shut(door)));
    this.#agent.destroy();
  }

  async #pass(door: string, message: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readAll(message);
    const upstream = this.#upstream;
    const hook = this.#hook;
    if (upstream === undefined) return void message.socket.destroy();
    const call = this.#count(door, message, body);
    const first = await hook.before(call);
    if (first === 'cut') return void message.socket.destroy();
    if (first === 'hang') return;
    const answer = await this.#forward(upstream, message, body);
    const second = await hook.after(call);
    if (second === 'hang') return;
    if (second === 'cut' || answer === undefined) return void message.socket.destroy();
    response.writeHead(answer.status, answer.headers);
    response.end(answer.body, () => hook.answered(call));
  }

  #count(door: string, message: IncomingMessage, body: Buffer): ProxiedCall {
    const { action, region } = readCall(message, body.toString('utf8'));
    const key = `${action}/${region}`;
    const occurrence = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, occurrence);
    this.#calls.push({ action, region, occurrence });
    return { action, region, occurrence, door, userAgent: message.headers['user-agent'] ?? '' };
  }

  /** The Host header goes on as it came, since signatures cover it. Undefined: the cloud cut the connection. */
  #forward(upstream: URL, message: IncomingMessage, body: Buffer): Promise<Answer | undefined> {
    const { method, url: path, headers } = message;
    const { hostname: host, port } = upstream;
    const agent = this.#agent;
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
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

async function readAll(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
