/** A cloud for tests: fake machines, its own folder, a real SDK client; everything goes away after the test. */

import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { EC2Client, RegisterImageCommand } from '@aws-sdk/client-ec2';
import type { RegisterImageCommandInput } from '@aws-sdk/client-ec2';
import * as ec2 from '@aws-sdk/client-ec2';
import type { Effect } from '../../src/simulator/store/effects.js';
import type { StartOptions, StartedCloud } from '../../src/simulator/start-cloud.js';
import { publisherAccount } from '../../src/simulator/settings.js';
import { startCloud } from '../../src/simulator/start-cloud.js';
import { FakeMachineFactory } from './fake-machine.js';

export const testCredentials = {
  accessKeyId: 'AKIATESTTESTTESTTEST',
  secretAccessKey: 'test/secret+key',
};

export interface TestCloud extends StartedCloud {
  readonly stateDir: string;
  readonly machines: FakeMachineFactory;
  client(region?: string): EC2Client;
}

const opened: (() => Promise<void>)[] = [];

/**
 * Starts a cloud with instant latency, of an account that may publish; closed by `closeTestClouds`. With
 * `settings: defaultSettings` the account is a new one.
 */
export async function openTestCloud(options: Partial<StartOptions> = {}): Promise<TestCloud> {
  const own = options.stateDir === undefined;
  const stateDir = options.stateDir ?? (await fs.mkdtemp(path.join(os.tmpdir(), 'fedimg-cloud-')));
  const machines = new FakeMachineFactory();
  const started = await startCloud({
    latency: 'instant',
    seed: 7,
    credentials: testCredentials,
    machineFactory: machines,
    ...options,
    settings: { ...publisherAccount, ...options.settings },
    stateDir,
  });
  const clients: EC2Client[] = [];
  const close = async (): Promise<void> => {
    for (const client of clients) client.destroy();
    await started.close();
  };
  opened.push(async () => {
    await close();
    if (own) await fs.rm(stateDir, { recursive: true, force: true });
  });
  return {
    ...started,
    close,
    stateDir,
    machines: (options.machineFactory as FakeMachineFactory | undefined) ?? machines,
    client: (region = 'us-east-1') => {
      const client = new EC2Client({
        region,
        endpoint: started.url,
        credentials: testCredentials,
        maxAttempts: 1,
      });
      clients.push(client);
      return client;
    },
  };
}

/** The environment of a client that is not of this repository: boto3, the AWS CLI. */
export function clientEnvironment({ stateDir }: TestCloud): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    HOME: stateDir,
    AWS_ACCESS_KEY_ID: testCredentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: testCredentials.secretAccessKey,
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}

export async function closeTestClouds(): Promise<void> {
  for (const close of opened.splice(0)) await close();
}

/** Waits for a condition, never for a time; fails after a minute. */
export async function until<T>(
  look: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (Date.now() > deadline) throw new Error('the condition has not come about in 60 s');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The call must fail with that code; answers its message. */
export async function refusal(code: string, call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    assert.ok(error instanceof Error, String(error));
    assert.equal(error.name, code, error.message);
    return error.message;
  }
  throw new assert.AssertionError({ message: `the call must be refused with ${code}` });
}

export function idOf(value: string | undefined): string {
  assert.ok(value, 'an id must be in the answer');
  return value;
}

/** The newest Amazon Linux 2023 image of the architecture. */
export async function amazonLinux(
  client: EC2Client,
  architecture: 'x86_64' | 'arm64' = 'x86_64',
): Promise<string> {
  const { Images: images = [] } = await client.send(
    new ec2.DescribeImagesCommand({
      Owners: ['amazon'],
      Filters: [{ Name: 'name', Values: [`al2023-ami-2023.*-kernel-6.1-${architecture}`] }],
    }),
  );
  const newest = images.sort((one, other) =>
    (other.CreationDate ?? '').localeCompare(one.CreationDate ?? ''),
  )[0];
  return idOf(newest?.ImageId);
}

export async function launch(
  client: EC2Client,
  input: Partial<ec2.RunInstancesCommandInput> = {},
): Promise<string> {
  const { Instances: instances = [] } = await client.send(
    new ec2.RunInstancesCommand({
      ImageId: input.ImageId ?? (await amazonLinux(client)),
      InstanceType: 't3.micro',
      MinCount: 1,
      MaxCount: 1,
      ...input,
    }),
  );
  return idOf(instances[0]?.InstanceId);
}

export async function instanceOf(client: EC2Client, id: string): Promise<ec2.Instance> {
  const { Reservations: reservations = [] } = await client.send(
    new ec2.DescribeInstancesCommand({ InstanceIds: [id] }),
  );
  const instance = reservations[0]?.Instances?.[0];
  assert.ok(instance, 'no instance');
  return instance;
}

export async function inState(client: EC2Client, id: string, state: string): Promise<ec2.Instance> {
  return until(async () => {
    const instance = await instanceOf(client, id);
    return instance.State?.Name === state && instance;
  });
}

export async function newVolume(
  client: EC2Client,
  input: Partial<ec2.CreateVolumeCommandInput> = {},
): Promise<string> {
  const { VolumeId: id } = await client.send(
    new ec2.CreateVolumeCommand({ AvailabilityZone: 'us-east-1a', Size: 1, ...input }),
  );
  return idOf(id);
}

export async function volumeOf(client: EC2Client, id: string): Promise<ec2.Volume> {
  const { Volumes: volumes = [] } = await client.send(
    new ec2.DescribeVolumesCommand({ VolumeIds: [id] }),
  );
  assert.ok(volumes[0], 'no volumes[0]');
  return volumes[0];
}

export async function newSnapshot(
  client: EC2Client,
  input: Partial<ec2.CreateSnapshotCommandInput> = {},
): Promise<string> {
  const { SnapshotId: id } = await client.send(
    new ec2.CreateSnapshotCommand({
      VolumeId: input.VolumeId ?? (await newVolume(client)),
      ...input,
    }),
  );
  return idOf(id);
}

export async function snapshotOf(client: EC2Client, id: string): Promise<ec2.Snapshot> {
  const { Snapshots: snapshots = [] } = await client.send(
    new ec2.DescribeSnapshotsCommand({ SnapshotIds: [id] }),
  );
  assert.ok(snapshots[0], 'no snapshots[0]');
  return snapshots[0];
}

/** What RegisterImage needs for an HVM image of the snapshot. */
export function hvmImage(snapshotId: string, name = 'Fedora test'): RegisterImageCommandInput {
  return {
    Name: name,
    Architecture: 'x86_64',
    VirtualizationType: 'hvm',
    EnaSupport: true,
    RootDeviceName: '/dev/sda1',
    BlockDeviceMappings: [
      { DeviceName: '/dev/sda1', Ebs: { SnapshotId: snapshotId, VolumeType: 'gp2' } },
    ],
  };
}

export async function newImage(
  client: EC2Client,
  input: Partial<RegisterImageCommandInput> = {},
): Promise<string> {
  const snapshotId = input.BlockDeviceMappings === undefined ? await newSnapshot(client) : '';
  const { ImageId: id } = await client.send(
    new RegisterImageCommand({ ...hvmImage(snapshotId), ...input }),
  );
  return idOf(id);
}

export async function imageOf(client: EC2Client, id: string): Promise<ec2.Image> {
  const { Images: images = [] } = await client.send(
    new ec2.DescribeImagesCommand({ ImageIds: [id] }),
  );
  assert.ok(images[0], 'no images[0]');
  return images[0];
}

/** Puts fault rules in place over HTTP, as tests of other programs do. */
export async function setFaults(cloud: TestCloud, rules: unknown): Promise<Response> {
  return fetch(`${cloud.url}/_fedimg/faults`, { method: 'PUT', body: JSON.stringify(rules) });
}

export async function control<T>(cloud: TestCloud, name: string): Promise<T> {
  const response = await fetch(`${cloud.url}/_fedimg/${name}`);
  assert.equal(response.status, 200);
  return (await response.json()) as T;
}

/** Changes settings over HTTP, as tests of other programs do. */
export async function changeSettings(cloud: TestCloud, changes: unknown): Promise<Response> {
  return fetch(`${cloud.url}/_fedimg/settings`, { method: 'PUT', body: JSON.stringify(changes) });
}

export async function effectsOf(cloud: TestCloud): Promise<Effect[]> {
  const response = await fetch(`${cloud.url}/_fedimg/effects`);
  const lines = (await response.text()).split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as Effect);
}

export function shareImage(client: EC2Client, ImageId: string): Promise<unknown> {
  return client.send(
    new ec2.ModifyImageAttributeCommand({ ImageId, LaunchPermission: { Add: [{ Group: 'all' }] } }),
  );
}
