/** A worker whose Temporal takes no schedule: the name of its deployment is too long for the id of one. */

import pino from 'pino';
import { loadConfig } from '../../src/config/load.js';
import { runWorker } from '../../src/worker/worker.js';

const path = process.argv.at(-1) ?? '';
const { config } = await loadConfig({ path, env: {}, cwd: '/' });
await runWorker({
  config: { ...config, deployment: 'x'.repeat(2_000) },
  log: pino(pino.destination({ fd: 2, sync: true })),
});
