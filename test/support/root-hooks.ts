/** What a process of the suite starts once and ends once; of files side by side, each is a suite of its own. */

import pino from 'pino';
import { installRuntime } from '../../src/worker/runtime.js';
import { stopTestTemporal } from './temporal.js';

/** The SDK allows one runtime a process; its log goes where FEDIMG_TEST_LOG says. */
const level = process.env['FEDIMG_TEST_LOG'] ?? 'silent';
installRuntime(pino({ level }, pino.destination(2)));

export const mochaHooks = {
  async afterAll(this: Mocha.Context): Promise<void> {
    this.timeout(60_000);
    await stopTestTemporal();
  },
};
