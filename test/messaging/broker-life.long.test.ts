/** Start, stop, crash and end of the broker that the tests of this folder use. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import net from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { isListening, reserveFreePort } from '../../src/local/processes/free-port.js';
import { withChannel } from '../support/amqp-channel.js';
import { createAuthority } from '../support/certificates.js';
import { brokerSettings } from '../support/rabbitmq-definitions.js';
import { RabbitControl } from '../support/rabbitmq-control.js';
import { PortTakenError, RabbitNode } from '../support/rabbitmq-node.js';
import type { Broker } from '../support/rabbitmq.js';
import { EXCHANGE, startBroker } from '../support/rabbitmq.js';
import { until } from '../support/until.js';

const COMPOSE = 'org.fedoraproject.prod.pungi.compose.status.change';

describe('the test broker', () => {
  let broker: Broker;
  before(async () => {
    broker = await startBroker();
  });
  after(() => broker.close());

  for (const ending of ['stop', 'kill'] as const) {
    it(`loses no durable message over ${ending} and start, and comes back at the same ports`, async () => {
      const urls = [broker.url('pungi'), broker.tls.url];
      await broker.publish('pungi', COMPOSE, ending);
      await withChannel(broker.url('pungi'), async (channel) => {
        channel.publish(EXCHANGE, COMPOSE, Buffer.from('transient'), { persistent: false });
        await channel.waitForConfirms();
      });
      await broker.declareQueue(`made-before-${ending}`, []);
      await broker[ending]();
      assert.equal(broker.pid, undefined);
      await assert.rejects(
        withChannel(broker.url('pungi'), () => Promise.resolve()),
        /REFUSED/,
      );
      await broker.start();
      assert.deepEqual([broker.url('pungi'), broker.tls.url], urls);
      const bodies = (await broker.drain('fedimg')).map(({ body }) => body);
      assert.deepEqual(bodies, [ending]);
      assert.equal((await broker.depth(`made-before-${ending}`)).ready, 0);
    });
  }

  it('does not restore at a start what a test has removed or taken', async () => {
    await broker.deleteQueue('observer');
    await broker.setPermission('pungi', { configure: '^$', write: '^$', read: '^$' });
    await broker.stop();
    await broker.start();
    await assert.rejects(broker.depth('observer'), /no queue observer/);
    await assert.rejects(broker.publish('pungi', COMPOSE, '{}'), { code: 403 });
  });

  it('cannot be reached from another machine', () => {
    const listening = listeningSockets(broker.pid ?? 0);
    assert.equal(listening.length, 3, `AMQP, AMQPS and the distribution: ${listening.join()}`);
    assert.deepEqual(
      listening.filter((address) => !address.startsWith('0100007F:')),
      [],
    );
  });
});

describe('a test broker that is done', () => {
  it('leaves no process, no epmd, no port and no folder', async () => {
    const broker = await startBroker();
    const { directory } = broker;
    let ports: number[];
    try {
      ports = listeningSockets(broker.pid ?? 0).map((address) =>
        Number.parseInt(address.split(':')[1] ?? '', 16),
      );
      const served = [broker.url('fedimg'), broker.tls.url].map((url) => Number(new URL(url).port));
      const [distribution = 0] = ports.filter((port) => !served.includes(port));
      await new RabbitControl(distribution, directory).lookAfterEpmd();
      assert.notDeepEqual(processesOf(directory), []);
      assert.doesNotMatch(processesOf(directory).join(), /epmd/);
    } finally {
      await broker.close();
    }
    await broker.close();
    await until('the end of all its processes', () => processesOf(directory).length === 0);
    assert.equal(existsSync(directory), false);
    for (const port of ports) assert.equal(await isListening(port), false);
  });

  it('does not outlive a test process that is killed', async () => {
    const program = fileURLToPath(new URL('killed-with-broker.ts', import.meta.url));
    const parent = spawn(process.execPath, ['--import', 'tsx', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let directory = '';
    for await (const line of createInterface(parent.stdout)) {
      directory = line;
      parent.kill('SIGKILL');
    }
    try {
      assert.match(directory, /fedimg-test-rabbitmq/);
      await until('the end of all its processes', () => processesOf(directory).length === 0);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });

  for (const taken of ['amqps', 'distribution'] as const) {
    it(`does not hang, or serve in part, where its port for ${taken} is taken`, async () => {
      const other = net.createServer().listen(0, '127.0.0.1');
      await once(other, 'listening');
      const { port } = other.address() as net.AddressInfo;
      const ports = {
        amqp: await reserveFreePort(),
        amqps: await reserveFreePort(),
        distribution: await reserveFreePort(),
      };
      const node = await RabbitNode.create({ ...ports, [taken]: port });
      try {
        const { caFile, issue } = await createAuthority(node.directory);
        const server = { name: 'server', commonName: 'localhost', usage: 'serverAuth' } as const;
        const { amqp: amqpPort, amqps: amqpsPort } = node.ports;
        const files = { caFile, ...(await issue(server)) };
        const starting = node.start(brokerSettings({ amqpPort, amqpsPort, ...files }));
        await assert.rejects(starting, PortTakenError);
        assert.equal(node.pid, undefined);
      } finally {
        await node.close();
        other.close();
      }
    });
  }

  it('fails with what to install where RabbitMQ is missing', async () => {
    const ports = { amqp: 1, amqps: 2, distribution: 3 };
    await assert.rejects(RabbitNode.create(ports, '/nowhere/rabbitmq-server'), (error: Error) => {
      assert.match(error.message, /^RabbitMQ is not installed.*apt-get install rabbitmq-server.*$/);
      return true;
    });
  });
});

/** The processes that were started for this folder: it is in the environment of all of them. */
function processesOf(directory: string): string[] {
  return numericEntries('/proc').flatMap((pid) => {
    const environment = readIfThere(`/proc/${pid}/environ`);
    if (pid === `${process.pid}` || !environment.includes(directory)) return [];
    return [readIfThere(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').slice(0, 80)];
  });
}

/** Local addresses, as the kernel writes them: `0100007F:A1B2` is on 127.0.0.1. */
function listeningSockets(pid: number): string[] {
  const inodes = new Set(
    numericEntries(`/proc/${pid}/fd`).flatMap((descriptor) => {
      try {
        return [/^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${descriptor}`))?.[1]];
      } catch {
        return [];
      }
    }),
  );
  return ['tcp', 'tcp6'].flatMap((table) =>
    readIfThere(`/proc/${pid}/net/${table}`)
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === '0A' && inodes.has(fields[9]))
      .map((fields) => fields[1] ?? ''),
  );
}

function numericEntries(directory: string): string[] {
  return readdirSync(directory).filter((name) => /^\d+$/.test(name));
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
