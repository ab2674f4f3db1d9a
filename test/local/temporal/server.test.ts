import { Client, Connection } from '@temporalio/client';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import path from 'node:path';
import type { SearchAttributes } from '../../../src/search-attributes.js';
import { createChildProcesses } from '../../../src/local/processes/child-processes.js';
import type { TemporalServer, TemporalServerOptions } from '../../../src/local/temporal/server.js';
import { startTemporalServer } from '../../../src/local/temporal/server.js';
import { environmentWithoutTemporal } from '../../../src/local/temporal/environment.js';
import { useTempDir, writeScript } from '../temp-dir.js';

const searchAttributes: SearchAttributes = { FedimgCompose: 'Keyword', FedimgRegions: 'Int' };

describe('the Temporal server of a local run', function () {
  // The first start on a machine downloads it.
  this.timeout(300_000);
  const tempDir = useTempDir();
  const servers: TemporalServer[] = [];
  let lines: string[] = [];

  /** The user's own TEMPORAL_CLI_PATH stays, as it says which server to test with. */
  const cleanEnv = (): NodeJS.ProcessEnv => {
    const named = process.env['TEMPORAL_CLI_PATH'];
    return { ...environmentWithoutTemporal(), ...(named ? { TEMPORAL_CLI_PATH: named } : {}) };
  };

  const start = async (options: Partial<TemporalServerOptions> = {}): Promise<TemporalServer> => {
    const server = await startTemporalServer({
      stateDir: tempDir(),
      log: (line) => lines.push(line),
      searchAttributes,
      env: cleanEnv(),
      ...options,
    });
    servers.push(server);
    return server;
  };

  const withConnection = async <T>(
    address: string,
    use: (connection: Connection) => Promise<T>,
  ): Promise<T> => {
    const connection = await Connection.connect({ address });
    try {
      return await use(connection);
    } finally {
      await connection.close();
    }
  };

  const attributesOf = (address: string): Promise<Record<string, unknown>> =>
    withConnection(address, async (connection) => {
      const found = await connection.operatorService.listSearchAttributes({ namespace: 'default' });
      return found.customAttributes ?? {};
    });

  const isGone = async (pid: number | undefined, address: string): Promise<void> => {
    assert.ok(pid !== undefined, 'no pid');
    assert.throws(() => process.kill(pid, 0), /ESRCH/);
    const [host = '', port = ''] = address.split(':');
    const socket = net.connect(Number(port), host);
    await assert.rejects(once(socket, 'connect'), /ECONNREFUSED/);
  };

  beforeEach(() => {
    lines = [];
  });
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.stop();
  });

  it('answers, shows its UI, and has the search attributes as soon as it is ready', async () => {
    const server = await start();
    const found = await attributesOf(server.address);
    assert.equal(found['FedimgCompose'], 2);
    assert.equal(found['FedimgRegions'], 3);
    const page = await fetch(server.uiUrl ?? '');
    assert.equal(page.status, 200);
    assert.match(await page.text(), /<html/i);
    assert.equal(server.env['TEMPORAL_ADDRESS'], server.address);
  });

  it('keeps the history of a workflow over a restart', async () => {
    const first = await start();
    const runId = await withConnection(first.address, async (connection) => {
      const handle = await new Client({ connection }).workflow.start('publishImage', {
        workflowId: 'image/one',
        taskQueue: 'unpolled',
        args: ['first argument'],
      });
      return handle.firstExecutionRunId;
    });
    await first.stop();
    await isGone(first.pid, first.address);

    const second = await start();
    await withConnection(second.address, async (connection) => {
      const handle = new Client({ connection }).workflow.getHandle('image/one');
      assert.equal((await handle.describe()).runId, runId);
      const { events } = await handle.fetchHistory();
      assert.ok(
        events?.[0]?.workflowExecutionStartedEventAttributes,
        'no events?.[0]?.workflowExecutionStartedEventAttributes',
      );
    });
  });

  it('keeps a local publication for longer than a day', async () => {
    const server = await start();
    await withConnection(server.address, async (connection) => {
      const found = await connection.workflowService.describeNamespace({ namespace: 'default' });
      const seconds = Number(found.config?.workflowExecutionRetentionTtl?.seconds ?? 0);
      assert.ok(seconds >= 365 * 24 * 60 * 60, `${seconds} s`);
    });
  });

  it('adds to an old database the search attributes of a newer program', async () => {
    await (await start()).stop();
    const server = await start({
      searchAttributes: { ...searchAttributes, FedimgArch: 'Keyword' },
    });
    assert.equal((await attributesOf(server.address))['FedimgArch'], 2);
  });

  it('reports a search attribute that exists with another type', async () => {
    await (await start()).stop();
    await assert.rejects(
      start({ searchAttributes: { FedimgCompose: 'Int' } }),
      /has the search attribute FedimgCompose, but its type is not Int/,
    );
  });

  it('uses the server of TEMPORAL_ADDRESS, adds its missing search attributes, and leaves it running', async () => {
    const own = await start();
    const used = await start({
      stateDir: path.join(tempDir(), 'unused'),
      env: { ...cleanEnv(), TEMPORAL_ADDRESS: own.address, TEMPORAL_CLI_PATH: '/not/looked/at' },
      searchAttributes: { FedimgArch: 'Keyword' },
    });
    assert.equal(used.pid, undefined);
    assert.equal(used.address, own.address);
    assert.equal((await attributesOf(own.address))['FedimgArch'], 2);
    await used.stop();
    await attributesOf(own.address);
  });

  it('names the namespace that the server of TEMPORAL_ADDRESS does not have', async () => {
    const own = await start();
    await assert.rejects(
      start({
        env: { ...cleanEnv(), TEMPORAL_ADDRESS: own.address, TEMPORAL_NAMESPACE: 'absent' },
      }),
      /has no namespace absent.*temporal operator namespace create/,
    );
  });

  it('starts no server when TEMPORAL_ADDRESS does not answer', async () => {
    const env = { ...cleanEnv(), TEMPORAL_ADDRESS: '127.0.0.1:9' };
    await assert.rejects(
      start({ env }),
      /TEMPORAL_ADDRESS is 127.0.0.1:9, but that server cannot be used.*unset/,
    );
  });

  it('reports a port that is taken, and does not use the foreign server on it', async () => {
    const own = await start();
    const port = Number(own.address.split(':')[1]);
    await assert.rejects(start({ port }), new RegExp(`Port ${port} for the Temporal server`));
    const uiPort = Number(new URL(own.uiUrl ?? '').port);
    await assert.rejects(start({ uiPort }), new RegExp(`Port ${uiPort} for Temporal's UI`));
  });

  it('shows the last output of a server that does not start, or is never ready', async () => {
    const broken = await writeScript(
      path.join(tempDir(), 'broken'),
      '[ "$1" = --version ] && echo "temporal version 1.0.0 (x)" && exit; echo "schema too new"; exit 1',
    );
    const deaf = await writeScript(
      path.join(tempDir(), 'deaf'),
      '[ "$1" = --version ] && echo "temporal version 1.0.0 (x)" && exit; echo "thinking"; sleep 300',
    );
    const env = cleanEnv();
    await assert.rejects(
      start({ env: { ...env, TEMPORAL_CLI_PATH: broken } }),
      /temporal ended unexpectedly \(status 1\)[^]*schema too new/,
    );
    await assert.rejects(
      start({ env: { ...env, TEMPORAL_CLI_PATH: deaf }, readyTimeoutMs: 3_000 }),
      /temporal was not ready after [\d.]+ s[^]*thinking/,
    );
  });

  it('is gone when the run that it belongs to is ended in the middle of its start', async () => {
    const processes = createChildProcesses({ logDir: tempDir(), log: (line) => lines.push(line) });
    const starting = start({ processes, searchAttributes: {} });
    const ended = assert.rejects(starting, /Ctrl-C|unexpectedly/);
    await processes.stopAll(new Error('Ctrl-C'));
    await ended;
    const again = createChildProcesses({ logDir: tempDir(), log: (line) => lines.push(line) });
    const server = await start({ processes: again });
    await again.stopAll();
    await isGone(server.pid, server.address);
  });
});
