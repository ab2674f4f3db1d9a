/** Resources that are put into the local cloud directly, with whatever tags a test wants them to have. */

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { RegisterImageCommandInput, ResourceType } from '@aws-sdk/client-ec2';
import {
  AttachVolumeCommand,
  CreateSnapshotCommand,
  CreateVolumeCommand,
  DescribeInstancesCommand,
  DescribeSnapshotsCommand,
  ModifyImageAttributeCommand,
  ModifySnapshotAttributeCommand,
  RegisterImageCommand,
  RunInstancesCommand,
  StopInstancesCommand,
} from '@aws-sdk/client-ec2';
import { amazonLinux2023 } from '../../src/aws/ami-source.js';
import type { RegionAccess } from '../../src/aws/region-access.js';
import { tagSpecification } from '../../src/aws/tags.js';
import type { Origin, Tags } from '../../src/model/ids/tags.js';
import { TEST_INSTALLATION } from './images.js';
import { amiTags, originTags, snapshotTags } from '../../src/model/ids/tags.js';

/** Never aborts: mocha's own bound ends a test that hangs. */
const SIGNAL = new AbortController().signal;
let planted = 0;

export function someOrigin(overrides: Partial<Origin> = {}): Origin {
  return {
    ...TEST_INSTALLATION,
    workflowId: 'image/Fedora-Cloud-43-20251021.0/Cloud_Base/x86_64',
    runId: 'run-one',
    composeId: 'Fedora-Cloud-43-20251021.0',
    release: '43',
    image: 'Fedora-Cloud-Base',
    arch: 'x86_64',
    ...overrides,
  };
}

export interface Planted {
  readonly instance: string;
  readonly volume: string;
  readonly snapshot: string;
  readonly image: string;
}

/** One of each type as a run makes them; `change` is applied to the tags of all. */
export async function plantRun(
  ec2: RegionAccess,
  origin: Origin,
  change: (tags: Tags) => Tags = (tags) => tags,
): Promise<Planted> {
  const volume = await plantVolume(ec2, change(originTags(origin, 'utility', 'volume')));
  const snapshot = await plantSnapshot(
    ec2,
    volume,
    change(snapshotTags(origin, 'snapshot', 'a'.repeat(64))),
  );
  return {
    volume,
    snapshot,
    image: await plantImage(ec2, snapshot, change(someAmiTags(origin))),
    instance: await plantInstance(ec2, change(originTags(origin, 'utility', 'instance'))),
  };
}

export function someAmiTags(origin: Origin): Tags {
  const variant = { virt: 'hvm', volumeType: 'gp2' } as const;
  return amiTags({ origin, step: 'register', name: 'ami', variant, rawSha256: 'a'.repeat(64) });
}

/** EC2 takes no empty tag specification. */
function tagged(
  type: ResourceType,
  tags: Tags,
): Pick<RegisterImageCommandInput, 'TagSpecifications'> {
  return Object.keys(tags).length === 0
    ? {}
    : { TagSpecifications: [tagSpecification(type, tags)] };
}

export async function plantVolume(ec2: RegionAccess, tags: Tags): Promise<string> {
  const { VolumeId } = await ec2.ec2.send(
    new CreateVolumeCommand({
      AvailabilityZone: `${ec2.name}a`,
      Size: 1,
      VolumeType: 'gp3',
      ...tagged('volume', tags),
    }),
  );
  assert(VolumeId, 'no VolumeId');
  return VolumeId;
}

/** It may be pending still. */
export async function startSnapshot(
  ec2: RegionAccess,
  volume: string,
  tags: Tags,
): Promise<string> {
  const { SnapshotId } = await ec2.ec2.send(
    new CreateSnapshotCommand({ VolumeId: volume, ...tagged('snapshot', tags) }),
  );
  assert(SnapshotId, 'no SnapshotId');
  return SnapshotId;
}

export async function plantSnapshot(
  ec2: RegionAccess,
  volume: string,
  tags: Tags,
): Promise<string> {
  const SnapshotId = await startSnapshot(ec2, volume, tags);
  for (;;) {
    const { Snapshots } = await ec2.ec2.send(
      new DescribeSnapshotsCommand({ Filters: [{ Name: 'snapshot-id', Values: [SnapshotId] }] }),
    );
    if (Snapshots?.[0]?.State === 'completed') return SnapshotId;
    await delay(20);
  }
}

export async function plantImage(ec2: RegionAccess, snapshot: string, tags: Tags): Promise<string> {
  planted += 1;
  const { ImageId } = await ec2.ec2.send(
    new RegisterImageCommand({
      Name: `planted-${planted}`,
      Architecture: 'x86_64',
      VirtualizationType: 'hvm',
      RootDeviceName: '/dev/sda1',
      BlockDeviceMappings: [{ DeviceName: '/dev/sda1', Ebs: { SnapshotId: snapshot } }],
      ...tagged('image', tags),
    }),
  );
  assert(ImageId, 'no ImageId');
  return ImageId;
}

/** From Amazon's AMI, with a volume of the same tags. */
export async function plantInstance(ec2: RegionAccess, tags: Tags): Promise<string> {
  const { Instances } = await ec2.ec2.send(
    new RunInstancesCommand({
      ImageId: await amazonLinux2023(ec2, 'x86_64', SIGNAL),
      InstanceType: 't3.small',
      // Where the volumes are.
      Placement: { AvailabilityZone: `${ec2.name}a` },
      MinCount: 1,
      MaxCount: 1,
      ...tagged('instance', tags),
    }),
  );
  const id = Instances?.[0]?.InstanceId;
  assert(id, 'no id');
  return id;
}

export async function makePublic(
  ec2: RegionAccess,
  { snapshot, image }: { readonly snapshot?: string; readonly image?: string },
): Promise<void> {
  if (snapshot !== undefined) {
    await ec2.ec2.send(
      new ModifySnapshotAttributeCommand({
        SnapshotId: snapshot,
        Attribute: 'createVolumePermission',
        OperationType: 'add',
        GroupNames: ['all'],
      }),
    );
  }
  if (image !== undefined) {
    await ec2.ec2.send(
      new ModifyImageAttributeCommand({
        ImageId: image,
        LaunchPermission: { Add: [{ Group: 'all' }] },
      }),
    );
  }
}

/** Waits for the states in between, which refuse other calls. */
async function untilInstance(ec2: RegionAccess, id: string, state: string): Promise<void> {
  for (;;) {
    const { Reservations } = await ec2.ec2.send(
      new DescribeInstancesCommand({ InstanceIds: [id] }),
    );
    if (Reservations?.[0]?.Instances?.[0]?.State?.Name === state) return;
    await delay(20);
  }
}

export async function stopInstance(ec2: RegionAccess, id: string): Promise<void> {
  await untilInstance(ec2, id, 'running');
  await ec2.ec2.send(new StopInstancesCommand({ InstanceIds: [id] }));
  await untilInstance(ec2, id, 'stopped');
}

export async function attachVolume(
  ec2: RegionAccess,
  volume: string,
  instance: string,
): Promise<void> {
  await untilInstance(ec2, instance, 'running');
  await ec2.ec2.send(
    new AttachVolumeCommand({ VolumeId: volume, InstanceId: instance, Device: '/dev/sdg' }),
  );
}
