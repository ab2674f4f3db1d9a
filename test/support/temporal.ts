/** A namespace on the run's Temporal server: each file of tests has its own when files run side by side. */

import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { SEARCH_ATTRIBUTES } from '../../src/contract.js';
import { environmentForServer } from '../../src/local/temporal/environment.js';
import { addSearchAttributes } from '../../src/local/temporal/namespace.js';
import { suiteTemporal } from './suite.js';

/** Where a worker or a client connects to. */
export interface TestTemporalServer {
  readonly address: string;
  readonly namespace: string;
  /** For programs that are to use this server. */
  readonly env: NodeJS.ProcessEnv;
}

export interface TestTemporal {
  readonly server: TestTemporalServer;
  readonly connection: Connection;
  readonly client: Client;
}

const RETENTION_MS = 3 * 86_400_000;

let entered: Promise<TestTemporal> | undefined;

export function testTemporal(): Promise<TestTemporal> {
  entered ??= enter();
  return entered;
}

async function enter(): Promise<TestTemporal> {
  const address = await suiteTemporal();
  const namespace = `test-${randomUUID()}`;
  const connection = await Connection.connect({ address });
  const workflowExecutionRetentionPeriod = msToTs(RETENTION_MS);
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod,
  });
  const wanted = Object.fromEntries(SEARCH_ATTRIBUTES.map(({ name, type }) => [name, type]));
  await addSearchAttributes(connection, namespace, wanted, (line) => console.error(line));
  return {
    server: { address, namespace, env: environmentForServer({ address, namespace }) },
    connection,
    client: new Client({ connection, namespace }),
  };
}

/** Ends the connection of this file, if it has one. */
export async function leaveTestTemporal(): Promise<void> {
  if (entered === undefined) return;
  const { connection } = await entered;
  entered = undefined;
  await connection.close();
}
