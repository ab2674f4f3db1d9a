/** Somebody else removes what the run works with, while a call of the run is on its way. */

import {
  DeleteSnapshotCommand,
  DeleteVolumeCommand,
  DeregisterImageCommand,
  DescribeVolumesCommand,
  DetachVolumeCommand,
  EC2Client,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import type { ListedResource } from '../../src/simulator/index.js';
import { until } from '../simulator/cloud-fixture.js';
import { known } from './state.js';
import { AWAY, HOME } from './cells.js';
import type { Fault } from './vocabulary.js';
import type { World } from './world.js';
import { CREDENTIALS } from './world.js';

/** What is removed in each step. */
export async function removeUnderneath(world: World, { row, site }: Fault): Promise<void> {
  const region = [11, 12, 17].includes(row) ? AWAY : HOME;
  const ec2 = new EC2Client({ region, endpoint: world.simulator.url, credentials: CREDENTIALS });
  try {
    switch (row) {
      case 4:
      case 6:
      case 10:
        return await terminate(ec2, await find(world, 'instance', region));
      case 5:
        return await removeBlankVolume(ec2, await find(world, 'instance', region));
      case 7:
        return await removeVolume(ec2, known(world.state.utility, 'utility instance').volumeId);
      case 8:
        if (site.by !== 'snapshot-id' && site.action !== 'DeleteVolume') {
          return await removeVolume(ec2, known(world.state.utility, 'utility instance').volumeId);
        }
        return await deleteSnapshot(ec2, await find(world, 'snapshot', region));
      case 16:
        return await deleteSnapshot(ec2, await find(world, 'snapshot', region));
      case 9:
        return await deleteSnapshotAndImages(ec2, world, region);
      case 11:
      case 17:
        return await deleteSnapshotAndImages(ec2, world, region);
      case 12:
      case 14:
        return await deregister(ec2, await find(world, 'image', region));
      default:
        throw new TypeError(`nothing can be removed underneath step ${row}`);
    }
  } finally {
    ec2.destroy();
  }
}

async function find(
  world: World,
  type: ListedResource['type'],
  regionName: string,
): Promise<string> {
  const found = (await world.resources()).find(
    (one) => one.type === type && one.region === regionName,
  );
  return known(found, `${type} in ${regionName}`).id;
}

async function terminate(ec2: EC2Client, id: string): Promise<void> {
  await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
}

async function removeBlankVolume(ec2: EC2Client, instanceId: string): Promise<void> {
  const { Volumes } = await ec2.send(
    new DescribeVolumesCommand({
      Filters: [
        { Name: 'attachment.instance-id', Values: [instanceId] },
        { Name: 'attachment.device', Values: ['/dev/sdf'] },
      ],
    }),
  );
  await removeVolume(ec2, known(Volumes?.[0]?.VolumeId, 'blank volume'));
}

async function removeVolume(ec2: EC2Client, id: string): Promise<void> {
  const status = async (): Promise<string | undefined> => {
    const Filters = [{ Name: 'volume-id', Values: [id] }];
    return (await ec2.send(new DescribeVolumesCommand({ Filters }))).Volumes?.[0]?.State;
  };
  if ((await status()) === 'in-use') await ec2.send(new DetachVolumeCommand({ VolumeId: id }));
  await until(async () => (await status()) === 'available');
  await ec2.send(new DeleteVolumeCommand({ VolumeId: id }));
}

async function deleteSnapshot(ec2: EC2Client, id: string): Promise<void> {
  await ec2.send(new DeleteSnapshotCommand({ SnapshotId: id }));
}

async function deregister(ec2: EC2Client, id: string): Promise<void> {
  await ec2.send(new DeregisterImageCommand({ ImageId: id }));
}

async function deleteSnapshotAndImages(
  ec2: EC2Client,
  world: World,
  regionName: string,
): Promise<void> {
  // The other registrations of the step go on meanwhile, and hold on to the snapshot.
  await until(async () => {
    const there = (await world.resources()).filter((one) => one.region === regionName);
    for (const { id } of there.filter(({ type }) => type === 'image')) await deregister(ec2, id);
    const snapshots = there.filter(({ type }) => type === 'snapshot');
    try {
      for (const { id } of snapshots) await deleteSnapshot(ec2, id);
      return true;
    } catch (error) {
      if ((error as Error).name !== 'InvalidSnapshot.InUse') throw error;
      return false;
    }
  });
}
