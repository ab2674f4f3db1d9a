/** HTTP agents that connect directly or through a proxy, as the environment says for each request. */

import * as http from 'node:http';
import * as https from 'node:https';
import { isIPv6 } from 'node:net';
import { HttpProxyAgent } from 'http-proxy-agent';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { proxyFor } from './environment.js';
import { refusedByProxy, unreachableProxy } from './proxy-error.js';

type Protocol = 'http:' | 'https:';

export interface AgentOptions {
  readonly keepAlive: boolean;
  /** To one host, directly or through the proxy. */
  readonly maxSockets: number;
  /** Within this, a proxy accepts a connection and opens a tunnel. */
  readonly patienceMs: number;
}

/** What Node gives an agent for each request. The types of Node lack this method; all agents have it. */
interface Requested {
  readonly host?: string | null;
  readonly port?: number | string | null;
  readonly secureEndpoint?: boolean;
}

interface CustomAgent extends http.Agent {
  addRequest(request: http.ClientRequest, options: Requested): void;
}

/** Opens a tunnel (CONNECT) for https. An answer other than success is an error of the proxy, not of the target. */
class TunnelAgent extends HttpsProxyAgent<string> {
  readonly #patienceMs: number;

  constructor(proxy: URL, { patienceMs, ...options }: AgentOptions) {
    super(proxy.href, options);
    this.#patienceMs = patienceMs;
  }

  override async connect(
    ...[request, options]: Parameters<HttpsProxyAgent<string>['connect']>
  ): ReturnType<HttpsProxyAgent<string>['connect']> {
    const target = `${options.host}:${options.port}`;
    let status = 0;
    request.once('proxyConnect', ({ statusCode }: { readonly statusCode: number }) => {
      status = statusCode;
    });
    const socket = await withinPatience(this, target, this.#patienceMs, () =>
      super.connect(request, options),
    );
    if (status === 200) return socket;
    socket.destroy();
    throw refusedByProxy(this.proxy, target, status);
  }
}

/** Sends requests for http to the proxy itself. */
class ForwardAgent extends HttpProxyAgent<string> {
  readonly #patienceMs: number;

  constructor(proxy: URL, { patienceMs, ...options }: AgentOptions) {
    super(proxy.href, options);
    this.#patienceMs = patienceMs;
  }

  override async connect(
    ...[request, options]: Parameters<HttpProxyAgent<string>['connect']>
  ): ReturnType<HttpProxyAgent<string>['connect']> {
    const target = `${options.host}:${options.port}`;
    return withinPatience(this, target, this.#patienceMs, () => super.connect(request, options));
  }
}

/** A proxy that accepts the connection and does not answer would hold the request for ever. */
async function withinPatience<T>(
  agent: { readonly proxy: URL; connectOpts: object },
  target: string,
  patienceMs: number,
  connect: () => Promise<T>,
): Promise<T> {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), patienceMs);
  // Read by the agent as it opens the socket, before anything else can run.
  agent.connectOpts = { ...agent.connectOpts, signal: patience.signal };
  try {
    return await connect();
  } catch (error) {
    const reason = patience.signal.aborted
      ? `no answer within ${Math.round(patienceMs / 1000)} s`
      : reasonOf(error);
    throw unreachableProxy(agent.proxy, target, reason, error);
  } finally {
    clearTimeout(timer);
  }
}

function reasonOf(error: unknown): string {
  const { message, code = message } = error as NodeJS.ErrnoException;
  return code;
}

/** Reports an error to the request that it gets. */
class FailingAgent extends http.Agent {
  readonly #error: Error;

  constructor(error: Error) {
    super();
    this.#error = error;
  }

  override createConnection(
    ...[, connected]: Parameters<http.Agent['createConnection']>
  ): ReturnType<http.Agent['createConnection']> {
    // Node looks at the error first, and does not use the missing socket.
    connected?.(this.#error, undefined as never);
    return undefined;
  }
}

/** Hands each request to the agent of its way; those agents keep the connections. */
class RoutingAgent extends http.Agent {
  readonly protocol: Protocol;
  readonly defaultPort: number;
  readonly #options: AgentOptions;
  /** By the URL of the proxy; the empty one connects directly. */
  readonly #ways = new Map<string, http.Agent>();

  constructor(protocol: Protocol, options: AgentOptions) {
    const { keepAlive, maxSockets } = options;
    // Node asks this agent whether a request keeps its connection.
    super({ keepAlive, maxSockets });
    this.protocol = protocol;
    this.defaultPort = protocol === 'https:' ? 443 : 80;
    this.#options = options;
  }

  addRequest(request: http.ClientRequest, options: Requested): void {
    const { host, port } = options;
    const name = host ?? 'localhost';
    const url = `${this.protocol}//${isIPv6(name) ? `[${name}]` : name}:${port ?? this.defaultPort}`;
    // Otherwise the agents of a proxy guess it, and guess wrong for a connection that is kept.
    const isSecure = this.protocol === 'https:';
    const way = this.#wayOf(url) as CustomAgent;
    way.addRequest(request, { ...options, secureEndpoint: isSecure });
  }

  #wayOf(url: string): http.Agent {
    let proxy: URL | undefined;
    try {
      proxy = proxyFor(new URL(url));
    } catch (error) {
      return new FailingAgent(error as Error);
    }
    const key = proxy?.href ?? '';
    let way = this.#ways.get(key);
    if (way === undefined) {
      way = this.#open(proxy);
      this.#ways.set(key, way);
    }
    return way;
  }

  #open(proxy: URL | undefined): http.Agent {
    const isSecure = this.protocol === 'https:';
    if (proxy !== undefined)
      return new (isSecure ? TunnelAgent : ForwardAgent)(proxy, this.#options);
    const { keepAlive, maxSockets } = this.#options;
    return new (isSecure ? https : http).Agent({ keepAlive, maxSockets });
  }

  override destroy(): void {
    for (const way of this.#ways.values()) way.destroy();
    super.destroy();
  }
}

/** Agents of one owner, by the protocol of the target; `destroy` of both ends their connections. */
export function proxyAgents(options: AgentOptions): Readonly<Record<Protocol, http.Agent>> {
  return {
    'http:': new RoutingAgent('http:', options),
    'https:': new RoutingAgent('https:', options),
  };
}
