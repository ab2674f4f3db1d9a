/** A cloud in a process of its own, for tests that kill it. Arguments: state directory. */

import { testCredentials } from './cloud-fixture.js';
import { FakeMachineFactory } from './fake-machine.js';
import { publisherAccount } from '../../src/simulator/settings.js';
import { startCloud } from '../../src/simulator/start-cloud.js';

const [stateDir = ''] = process.argv.slice(2);
const { url } = await startCloud({
  stateDir,
  latency: 'instant',
  seed: 7,
  settings: publisherAccount,
  credentials: testCredentials,
  machineFactory: new FakeMachineFactory(),
});
process.stdout.write(`${url}\n`);
