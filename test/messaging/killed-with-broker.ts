/** A program that starts a broker, names its folder, and waits to be killed. */

import { startBroker } from '../support/rabbitmq.js';

const broker = await startBroker();
process.stdout.write(`${broker.directory}\n`);
setInterval(() => undefined, 60_000);
