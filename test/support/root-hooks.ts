/** What mocha does once a run, and once a file. */

import { GlobalHandlers } from '@temporalio/worker/lib/workflow/vm-shared.js';
import pino from 'pino';
import { installRuntime } from '../../src/worker/runtime.js';
import { recordFileCost } from './file-costs.js';
import { disableAsyncStorages, watchAsyncStorages } from './async-storages.js';
import { closeSuite, openSuite } from './suite.js';
import { leaveTestTemporal } from './temporal.js';

/**
 * Without a thread for workflows (`debugMode`), the SDK's hook for stack traces of workflows would compile a function for
 * each promise of the whole process, and from then on for each promise of all later test files, too.
 */
Object.defineProperty(GlobalHandlers.prototype, 'setPromiseHook', { value: () => undefined });

watchAsyncStorages();

export const mochaGlobalSetup = openSuite;
export const mochaGlobalTeardown = closeSuite;

export const mochaHooks = {
  beforeAll(): void {
    // The SDK allows one runtime a process; its log goes where FEDIMG_TEST_LOG says.
    const level = process.env['FEDIMG_TEST_LOG'] ?? 'silent';
    installRuntime(pino({ level }, pino.destination(2)));
  },
  async afterAll(this: Mocha.Context): Promise<void> {
    this.timeout(60_000);
    await leaveTestTemporal();
    disableAsyncStorages();
    recordFileCost(this.test?.parent?.suites[0]?.file);
  },
};
