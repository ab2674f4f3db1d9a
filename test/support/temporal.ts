/** One Temporal dev server for a file of tests, or for all that one process runs; started when the first test needs it. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../../src/contract.js';
import type { TemporalServer } from '../../src/local/temporal/server.js';
import { startTemporalServer } from '../../src/local/temporal/server.js';

export interface TestTemporal {
  readonly server: TemporalServer;
  readonly connection: Connection;
  readonly client: Client;
}

let started: Promise<TestTemporal & { readonly stateDir: string }> | undefined;

export async function testTemporal(): Promise<TestTemporal> {
  started ??= start();
  return started;
}

async function start(): Promise<TestTemporal & { readonly stateDir: string }> {
  const stateDir = await mkdtemp(join(tmpdir(), 'fedimg-test-temporal-'));
  const said: string[] = [];
  const server = await startTemporalServer({
    stateDir,
    log: (line) => said.push(line),
    searchAttributes: Object.fromEntries(SEARCH_ATTRIBUTES.map(({ name, type }) => [name, type])),
  });
  const connection = await Connection.connect({ address: server.address });
  const client = new Client({ connection, namespace: server.namespace });
  return { server, connection, client, stateDir };
}

/** For the root hook: ends what was started, if anything was. */
export async function stopTestTemporal(): Promise<void> {
  if (started === undefined) return;
  const { server, connection, stateDir } = await started;
  started = undefined;
  await connection.close();
  await server.stop();
  await rm(stateDir, { recursive: true, force: true });
}
