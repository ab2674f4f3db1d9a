/** What all processes of a test run share: one Temporal server and one workflow bundle, made when first asked for. */

import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freshBundle } from '../../scripts/bundle-workflows.js';
import type { TemporalServer } from '../../src/local/temporal/server.js';
import { startTemporalServer } from '../../src/local/temporal/server.js';

/** Where the processes that run test files find the process that mocha was started as. */
const SUITE_URL = 'FEDIMG_TEST_SUITE';
const SUITE_FOLDER = 'FEDIMG_TEST_SUITE_FOLDER';

let server: Server | undefined;
let temporal: Promise<{ server: TemporalServer; stateDir: string }> | undefined;
let bundle: Promise<string> | undefined;

/** Runs once, in the process that mocha was started as, before all files. */
export async function openSuite(): Promise<void> {
  process.env[SUITE_FOLDER] = await mkdtemp(join(tmpdir(), 'fedimg-test-suite-'));
  server = createServer((request, response) => {
    answer(request.url).then(
      (text) => response.end(text),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.env[SUITE_URL] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Ends what was started; runs after all files. */
export async function closeSuite(): Promise<void> {
  server?.closeAllConnections();
  server?.close();
  await rm(suiteFolder(), { recursive: true, force: true });
  if (temporal === undefined) return;
  const { server: started, stateDir } = await temporal;
  await started.stop();
  await rm(stateDir, { recursive: true, force: true });
}

/** The address of the run's Temporal server. */
export function suiteTemporal(): Promise<string> {
  return ask('/temporal');
}

/** The path of the workflow bundle of these sources. */
export function suiteBundle(): Promise<string> {
  return ask('/bundle');
}

/** For files that tests share; removed after the run. */
export function suiteFolder(): string {
  const folder = process.env[SUITE_FOLDER];
  if (folder === undefined) throw new Error('openSuite() has not run: start tests with mocha');
  return folder;
}

async function ask(path: string): Promise<string> {
  const url = process.env[SUITE_URL];
  if (url === undefined) throw new Error('openSuite() has not run: start tests with mocha');
  const response = await fetch(`${url}${path}`);
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return text;
}

async function answer(path: string | undefined): Promise<string> {
  switch (path) {
    case '/temporal':
      temporal ??= startTemporal();
      return (await temporal).server.address;
    case '/bundle':
      bundle ??= freshBundle();
      return bundle;
    default:
      throw new Error(`the suite has no ${path ?? 'such page'}`);
  }
}

/**
 * Temporal deletes a history once the queue that closed it was saved, by default every 30 seconds
 * (service/history/configs/config.go of the server).
 */
const DYNAMIC_CONFIG = { 'history.transferProcessorUpdateAckInterval': '"1s"' };

async function startTemporal(): Promise<{ server: TemporalServer; stateDir: string }> {
  const stateDir = await mkdtemp(join(tmpdir(), 'fedimg-test-temporal-'));
  const lines: string[] = [];
  // Each test file registers a namespace with the search attributes.
  const options = {
    stateDir,
    log: (line: string) => lines.push(line),
    searchAttributes: {},
    dynamicConfig: DYNAMIC_CONFIG,
  };
  try {
    return { server: await startTemporalServer(options), stateDir };
  } catch (error) {
    throw new Error(`${String(error)}\n${lines.join('\n')}`, { cause: error });
  }
}
