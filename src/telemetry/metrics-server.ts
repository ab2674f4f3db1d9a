/** One address for machines: fedimg's metrics and those of Temporal's SDK in one answer, and whether the process works. */

import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ListenAddress } from '../model/listen-address.js';
import type { MetricRegistry } from './metric-registry.js';

/** The address is taken, or not one of this machine. */
export class MetricsAddressError extends Error {
  readonly next =
    'Give another address: --metrics 127.0.0.1:PORT, FEDIMG_METRICS, or [metrics] in the configuration.';

  constructor({ host, port }: ListenAddress, reason: string) {
    super(`the metrics cannot be served at ${host}:${port}: ${reason}`);
    this.name = 'MetricsAddressError';
  }
}

export interface MetricsServer {
  /** `http://127.0.0.1:9464/metrics` */
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** What `/healthz` answers: `ready`, or another word for why the process takes no work. */
export type Health = () => string;

export const READY = 'ready';

/** The version of Prometheus' text format that the answer has. */
const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** `more` reads further metrics, as those of the SDK; without an answer the rest is served alone. */
export async function serveMetrics(
  registry: MetricRegistry,
  {
    address,
    more,
    health,
  }: {
    readonly address: ListenAddress;
    readonly more?: () => Promise<string>;
    readonly health: Health;
  },
): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').replace(/\?.*$/, '');
    if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405);
    if (path === '/healthz') return answerHealth(response, health());
    if (path !== '/metrics') return refuse(response, 404);
    answer(registry, more).then(
      (text) => response.writeHead(200, { 'content-type': CONTENT_TYPE }).end(text),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  server.listen(address.port, address.host);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new MetricsAddressError(address, (error as Error).message);
  }
  const { port } = server.address() as AddressInfo;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return {
    url: `http://${host}:${port}/metrics`,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await Promise.resolve();
    },
  };
}

function refuse(response: ServerResponse, status: 404 | 405): void {
  const text = 'fedimg serves GET /metrics and GET /healthz\n';
  response.writeHead(status, { 'content-type': 'text/plain' }).end(text);
}

function answerHealth(response: ServerResponse, health: string): void {
  const status = health === READY ? 200 : 503;
  response.writeHead(status, { 'content-type': 'text/plain' }).end(`${health}\n`);
}

async function answer(registry: MetricRegistry, more?: () => Promise<string>): Promise<string> {
  const [own, others] = await Promise.all([registry.text(), more?.().catch(() => '') ?? '']);
  return others === '' ? own : `${own}\n${others}`;
}
