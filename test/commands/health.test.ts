/** `fedimg health`: a service manager must see that a process does not work, and not only that it runs. */

import assert from 'node:assert/strict';
import { MetricRegistry } from '../../src/telemetry/metric-registry.js';
import { serveMetrics } from '../../src/telemetry/metrics-server.js';
import { reserveFreePort } from '../../src/local/processes/free-port.js';
import { runCli } from './run-cli.js';

describe('fedimg health', () => {
  it('fails while the process answers but does not work', async () => {
    let health = 'not connected to the broker';
    const port = await reserveFreePort();
    const address = { host: '127.0.0.1', port };
    const registry = new MetricRegistry('0', 'listener');
    const server = await serveMetrics(registry, { address, health: () => health });
    try {
      const idle = await runCli(['health'], { env: { FEDIMG_METRICS: `0.0.0.0:${port}` } });
      assert.deepEqual([idle.code, idle.stdout], [1, 'not connected to the broker\n'], idle.stderr);
      health = 'ready';
      const works = await runCli(['health', `127.0.0.1:${port}`]);
      assert.deepEqual([works.code, works.stdout], [0, 'ready\n'], works.stderr);
    } finally {
      await server.close();
    }
  });

  it('says what to do when the process does not answer or has no address', async () => {
    const gone = await runCli(['health', `127.0.0.1:${await reserveFreePort()}`]);
    assert.equal(gone.code, 5);
    assert.match(gone.stderr, /does not answer[\s\S]*ECONNREFUSED[\s\S]*--metrics ADDRESS/);
    const nowhere = await runCli(['health']);
    assert.equal(nowhere.code, 2);
    assert.match(nowhere.stderr, /the address of the process is missing[\s\S]*FEDIMG_METRICS/);
  });
});
