/** The metrics of Temporal's SDK: its native part serves them on a port of this machine, and ours reads them there. */

import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

/** A scrape waits at most ten seconds by Prometheus' default. */
const READ_TIMEOUT_MS = 3_000;

export interface SdkMetrics {
  /** Where the SDK is to serve them, as `127.0.0.1:41234`. */
  readonly bindAddress: string;
  /** In Prometheus' text format; rejects when the SDK does not answer. */
  readonly read: () => Promise<string>;
}

export async function sdkMetrics(): Promise<SdkMetrics> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  const bindAddress = `127.0.0.1:${port}`;
  return {
    bindAddress,
    read: async () => {
      const signal = AbortSignal.timeout(READ_TIMEOUT_MS);
      const response = await fetch(`http://${bindAddress}/metrics`, { signal });
      return response.ok ? response.text() : '';
    },
  };
}
