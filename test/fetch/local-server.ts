/** An HTTP server on loopback whose answers a test decides, and which remembers what it was asked. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createUrlPolicy, type UrlPolicy } from '../../src/fetch/url-policy.js';

export interface LocalServer {
  /** As `http://127.0.0.1:1234/`. */
  base: string;
  port: number;
  policy: UrlPolicy;
  requests: { path: string; range: string | undefined }[];
  connections: () => number;
  close: () => Promise<void>;
}

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export async function startServer(answer: Answer): Promise<LocalServer> {
  const requests: LocalServer['requests'] = [];
  let connections = 0;
  const server = createServer((request, response) => {
    requests.push({ path: request.url ?? '', range: request.headers.range });
    answer(request, response);
  });
  server.on('connection', () => (connections += 1));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const base = `http://127.0.0.1:${port}/`;
  return {
    base,
    port,
    policy: createUrlPolicy({ allow: [base] }),
    requests,
    connections: () => connections,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** Serves bytes with range requests, as nginx does. */
export function serveRanges(bytes: Buffer, headers: Record<string, string> = {}): Answer {
  return (request, response) => {
    const match = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
    if (!match) {
      response.writeHead(200, { 'content-length': bytes.length, ...headers }).end(bytes);
      return;
    }
    const start = Number(match[1]);
    const end = Math.min(Number(match[2]), bytes.length - 1);
    if (start > end) {
      response.writeHead(416, { 'content-range': `bytes */${bytes.length}`, ...headers }).end();
      return;
    }
    const range = `bytes ${start}-${end}/${bytes.length}`;
    response
      .writeHead(206, { 'content-range': range, ...headers })
      .end(bytes.subarray(start, end + 1));
  };
}
