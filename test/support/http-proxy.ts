/** An HTTP proxy on loopback that counts: it forwards http requests, and opens tunnels for CONNECT. */

import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';

export interface HttpProxy {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** Targets of tunnels, as `ec2.us-east-1.amazonaws.com:443`. */
  readonly tunnels: string[];
  /** Hosts of forwarded requests. */
  readonly forwarded: string[];
  /** The Proxy-Authorization headers, decoded; empty without one. */
  readonly logins: string[];
  /** How many connections were opened so far. */
  connections(): number;
  close(): Promise<void>;
}

export interface HttpProxyOptions {
  /** Answers this status in place of all that is asked for. */
  readonly status?: number;
  /** Where a port of a target really is on loopback; tunnels to other ports are refused with 502. */
  readonly portOf?: (target: string) => number | undefined;
}

export async function startHttpProxy(options: HttpProxyOptions = {}): Promise<HttpProxy> {
  const tunnels: string[] = [];
  const forwarded: string[] = [];
  const logins: string[] = [];
  const noteLogin = (header: string | undefined) =>
    logins.push(Buffer.from((header ?? '').replace(/^Basic /, ''), 'base64').toString());
  const portOf = options.portOf ?? ((target: string) => Number(target.split(':')[1]));
  const server = createServer((asked, answer) => {
    const url = new URL(asked.url ?? '');
    forwarded.push(url.host);
    noteLogin(asked.headers['proxy-authorization']);
    if (options.status !== undefined) {
      answer.writeHead(options.status).end();
      return;
    }
    const headers = { ...asked.headers };
    delete headers['proxy-authorization'];
    delete headers['proxy-connection'];
    const path = url.pathname + url.search;
    const where = { host: '127.0.0.1', port: portOf(url.host), method: asked.method, path };
    const passed = httpRequest({ ...where, headers }, (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers);
      got.pipe(answer);
    });
    passed.on('error', () => answer.writeHead(502).end());
    asked.pipe(passed);
  });
  let connections = 0;
  server.on('connection', () => (connections += 1));
  server.on('connect', (asked, client) => {
    const target = asked.url ?? '';
    tunnels.push(target);
    noteLogin(asked.headers['proxy-authorization']);
    const port = portOf(target);
    client.on('error', () => undefined);
    if (options.status !== undefined || port === undefined) {
      client.end(`HTTP/1.1 ${options.status ?? 502} refused\r\n\r\n`);
      return;
    }
    const far = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      far.pipe(client).pipe(far);
    });
    far.on('error', () => client.destroy());
    client.on('close', () => far.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    ...{ host: `127.0.0.1:${port}`, tunnels, forwarded, logins },
    connections: () => connections,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

const VARIABLES = ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'];

/** Runs with these variables of a proxy and no others. */
export async function withProxyVariables<T>(
  variables: Readonly<Record<string, string>>,
  body: () => Promise<T>,
): Promise<T> {
  const names = VARIABLES.flatMap((name) => [name, name.toUpperCase()]);
  const before = names.map((name) => [name, process.env[name]] as const);
  for (const name of names) delete process.env[name];
  Object.assign(process.env, variables);
  try {
    return await body();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}
