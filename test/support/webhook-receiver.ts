/** A receiver of webhooks: keeps each request, and answers as the test says. */

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedHook {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface WebhookReceiver {
  readonly url: string;
  readonly requests: readonly ReceivedHook[];
  readonly close: () => void;
}

/** `statuses` are the answers in turn; after them, 200. */
export async function startWebhookReceiver(
  statuses: readonly number[] = [],
): Promise<WebhookReceiver> {
  const requests: ReceivedHook[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      requests.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
      response.writeHead(statuses[requests.length - 1] ?? 200).end('as the test says');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    requests,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
