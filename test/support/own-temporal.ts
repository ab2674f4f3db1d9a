/** A Temporal server of one test's own, which may be ended and started again on the same database. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../../src/contract.js';
import { reserveFreePort } from '../../src/local/processes/free-port.js';
import type { TemporalServer } from '../../src/local/temporal/server.js';
import { startTemporalServer } from '../../src/local/temporal/server.js';
import { environmentWithoutTemporal } from '../../src/local/temporal/environment.js';
import type { TestTemporal } from './temporal.js';

export interface OwnTemporal extends TestTemporal {
  /** Ends the server as a crash would (SIGKILL), and returns when nothing answers any more. */
  crash(): Promise<void>;
  /** `SIGSTOP` makes it hang, with all its connections open; `SIGCONT` wakes it. */
  signal(signal: NodeJS.Signals): void;
  /** Starts it again at the same address, on the database that the crash left. */
  restart(): Promise<void>;
}

export async function withOwnTemporal<T>(body: (temporal: OwnTemporal) => Promise<T>): Promise<T> {
  const stateDir = await mkdtemp(join(tmpdir(), 'fedimg-test-own-temporal-'));
  const port = await reserveFreePort();
  const start = (): Promise<TemporalServer> =>
    startTemporalServer({
      stateDir,
      port,
      log: () => undefined,
      // The suite's own server, if there is one in the environment, is not to be crashed.
      env: environmentWithoutTemporal(),
      searchAttributes: Object.fromEntries(SEARCH_ATTRIBUTES.map(({ name, type }) => [name, type])),
    });
  let server = await start();
  const signal = (name: NodeJS.Signals): void => {
    if (server.pid === undefined) throw new TypeError('the server was not started here');
    process.kill(server.pid, name);
  };
  const connection = await Connection.connect({ address: server.address });
  try {
    return await body({
      server,
      connection,
      client: new Client({ connection, namespace: server.namespace }),
      signal,
      crash: async () => {
        signal('SIGKILL');
        await server.stop();
      },
      restart: async () => {
        server = await start();
      },
    });
  } finally {
    await connection.close();
    await server.stop();
    await rm(stateDir, { recursive: true, force: true });
  }
}
