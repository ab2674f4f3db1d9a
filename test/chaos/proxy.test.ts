import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateVolumeCommand, DescribeVolumesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { startSimulator } from '../../src/simulator/index.js';
import { CloudProxy } from './cloud-proxy.js';
import type { Hands } from './disturber.js';
import { Disturber } from './disturber.js';
import { parseSchedule } from './schedule.js';
import { listing } from './canaries.js';

const REGION = 'us-east-1';

interface Bench {
  readonly ec2: EC2Client;
  readonly done: string[];
  readonly disturber: Disturber;
  volumes(): Promise<number>;
}

/** A cloud, a proxy under these faults, and a client behind it that tries once. */
async function withBench(faults: string, body: (bench: Bench) => Promise<void>): Promise<void> {
  const stateDir = await mkdtemp(join(tmpdir(), 'fedimg-test-chaos-proxy-'));
  const credentials = { accessKeyId: 'AKIATESTTESTTESTTEST', secretAccessKey: 'secret' };
  const simulator = await startSimulator({ stateDir, latency: 'instant', credentials });
  const proxy = new CloudProxy();
  const done: string[] = [];
  const act = (name: string) => (door: unknown) => {
    done.push(`${name} ${String(door)}`);
    return Promise.resolve();
  };
  const hands: Hands = {
    kill: act('kill'),
    stop: act('stop'),
    pauseBesideAnother: act('pause'),
    restartTemporal: act('restart'),
    cancel: () => act('cancel')(''),
    terminate: () => act('terminate')(''),
    sweep: act('sweep'),
    refuseCredentials: act('refuse'),
    act: act('act'),
  };
  const disturber = new Disturber(parseSchedule(`pass ${faults}`).faults, hands);
  const endpoint = await proxy.open('door-1');
  proxy.connect(simulator.url, disturber);
  const ec2 = new EC2Client({ region: REGION, endpoint, credentials, maxAttempts: 1 });
  const volumes = async (): Promise<number> =>
    (await listing(simulator)).filter(({ type }) => type === 'volume').length;
  try {
    await body({ ec2, done, disturber, volumes });
  } finally {
    ec2.destroy();
    await proxy.close();
    await simulator.close();
    await rm(stateDir, { recursive: true, force: true });
  }
}

const create = ({ ec2 }: Bench) =>
  ec2.send(new CreateVolumeCommand({ AvailabilityZone: `${REGION}a`, Size: 1 }));

describe('the proxy between worker and cloud', () => {
  it('passes signed calls on as they are, but for the one that is killed before it is sent', async () => {
    await withBench(`kill-before@CreateVolume/${REGION}#2`, async (bench) => {
      await create(bench);
      await assert.rejects(create(bench));
      assert.deepEqual(bench.done, ['kill door-1']);
      assert.equal(await bench.volumes(), 1);
      await create(bench);
      assert.equal(await bench.volumes(), 2);
      assert(bench.disturber.reached(0), 'bench.disturber.reached(0) is false');
    });
  });

  it('kills after the effect, when the answer is lost', async () => {
    await withBench(`kill-effect@CreateVolume/${REGION}#1`, async (bench) => {
      await assert.rejects(create(bench));
      assert.deepEqual(bench.done, ['kill door-1']);
      assert.equal(await bench.volumes(), 1);
    });
  });

  it('kills behind the answer', async () => {
    await withBench(`kill-answer@CreateVolume/${REGION}#1`, async (bench) => {
      await create(bench);
      await bench.disturber.settled();
      assert.deepEqual(bench.done, ['kill door-1']);
    });
  });

  it('cuts a whole region off, and no other', async () => {
    await withBench(`region-dead@CreateVolume/${REGION}#1:forMs=60000`, async (bench) => {
      await assert.rejects(create(bench));
      await assert.rejects(bench.ec2.send(new DescribeVolumesCommand({})));
      assert.equal(await bench.volumes(), 0);
    });
  });

  it('does not call a fault reached that was not', async () => {
    await withBench(`cancel@CreateVolume/${REGION}#2`, async (bench) => {
      await create(bench);
      assert.equal(bench.disturber.reached(0), false);
      await create(bench);
      assert.equal(bench.disturber.reached(0), true);
      assert.deepEqual(bench.done, ['cancel ']);
    });
  });
});
