/** An independent checker reads in the effect log what happened to every resource. */

import assert from 'node:assert/strict';
import * as ec2 from '@aws-sdk/client-ec2';
import type { ResourceChange } from '../../../src/simulator/store/resource-change.js';
import {
  closeTestClouds,
  control,
  effectsOf,
  hvmImage,
  inState,
  launch,
  newImage,
  newSnapshot,
  newVolume,
  openTestCloud,
  setFaults,
  shareImage,
  until,
} from '../cloud-fixture.js';
import type { TestCloud } from '../cloud-fixture.js';
import type { ListedResource } from '../../../src/simulator/http/control.js';

async function history(cloud: TestCloud, id: string): Promise<(ResourceChange & { by: string })[]> {
  return (await effectsOf(cloud)).flatMap(({ action, resources = [] }) =>
    resources.filter((one) => one.id === id).map((one) => ({ ...one, by: action })),
  );
}

const tags = [{ Key: 'managed-by', Value: 'fedimg' }];

describe('simulator: effect log', () => {
  afterEach(closeTestClouds);

  it('names who made, published, withdrew and removed an image and its snapshot', async () => {
    const cloud = await openTestCloud();
    const client = cloud.client();
    const snapshot = await newSnapshot(client, {
      TagSpecifications: [{ ResourceType: 'snapshot', Tags: tags }],
    });
    const id = await newImage(client, {
      ...hvmImage(snapshot, 'named'),
      TagSpecifications: [{ ResourceType: 'image', Tags: tags }],
    });
    await shareImage(client, id);
    await shareImage(client, id);
    await client.send(
      new ec2.ResetImageAttributeCommand({ ImageId: id, Attribute: 'launchPermission' }),
    );
    await client.send(
      new ec2.DeregisterImageCommand({ ImageId: id, DeleteAssociatedSnapshots: true }),
    );
    const image = await history(cloud, id);
    assert.deepEqual(
      image.map(({ by, what }) => [by, what]),
      [
        ['RegisterImage', 'created'],
        ['ModifyImageAttribute', 'public'],
        ['ResetImageAttribute', 'private'],
        ['DeregisterImage', 'deleted'],
      ],
    );
    assert.deepEqual(
      [image[0]?.name, image[0]?.from, image[0]?.tags],
      ['named', snapshot, { 'managed-by': 'fedimg' }],
    );
    assert.deepEqual(
      (await history(cloud, snapshot)).map(({ by, what }) => [by, what]),
      [
        ['CreateSnapshot', 'created'],
        ['DeregisterImage', 'deleted'],
      ],
    );
  });

  it('names who made, tagged and ended an instance and its volume, lost answers included', async () => {
    const cloud = await openTestCloud();
    const client = cloud.client();
    await setFaults(cloud, [{ action: 'RunInstances', kind: 'lost-answer' }]);
    await assert.rejects(
      launch(client, { TagSpecifications: [{ ResourceType: 'instance', Tags: tags }] }),
    );
    const resources = await control<ListedResource[]>(cloud, 'resources');
    const idOfType = (type: string): string => resources.find((one) => one.type === type)?.id ?? '';
    const [instance, volume] = [idOfType('instance'), idOfType('volume')];
    await inState(client, instance, 'running');
    await client.send(new ec2.CreateTagsCommand({ Resources: [volume], Tags: tags }));
    await client.send(new ec2.TerminateInstancesCommand({ InstanceIds: [instance] }));
    await until(async () => (await history(cloud, volume)).some(({ what }) => what === 'deleted'));
    const seen = await history(cloud, instance);
    assert.deepEqual(
      seen.map(({ by, what, state }) => [by, what, state]),
      [
        ['RunInstances', 'created', 'pending'],
        ['instance-running', 'state', 'running'],
        ['TerminateInstances', 'state', 'shutting-down'],
        ['instance-terminated', 'deleted', 'terminated'],
      ],
    );
    assert.deepEqual(seen[0]?.tags, { 'managed-by': 'fedimg' });
    assert.deepEqual(
      (await history(cloud, volume)).map(({ by, what }) => [by, what]),
      [
        ['RunInstances', 'created'],
        ['CreateTags', 'tagged'],
        ['instance-terminated', 'deleted'],
      ],
    );
  });

  it('names the call that made a volume, not the writing of its bytes', async () => {
    const cloud = await openTestCloud();
    const id = await newVolume(cloud.client());
    assert.deepEqual(
      (await history(cloud, id)).map(({ by, what }) => [by, what]),
      [['CreateVolume', 'created']],
    );
  });
});
