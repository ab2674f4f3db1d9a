/** EC2's documented behaviour of instances. */

import assert from 'node:assert/strict';
import * as ec2 from '@aws-sdk/client-ec2';
import {
  closeTestClouds,
  inState,
  instanceOf,
  launch,
  newVolume,
  openTestCloud,
  refusal,
  until,
} from '../cloud-fixture.js';

describe('contract: instances', () => {
  afterEach(closeTestClouds);

  it('deletes launch volumes on termination by their mapping, and keeps those attached later (TerminateInstances)', async () => {
    const client = (await openTestCloud()).client();
    const id = await launch(client, {
      Placement: { AvailabilityZone: 'us-east-1a' },
      BlockDeviceMappings: [
        { DeviceName: '/dev/sdf', Ebs: { VolumeSize: 1, DeleteOnTermination: true } },
        { DeviceName: '/dev/sdg', Ebs: { VolumeSize: 1 } },
      ],
    });
    await inState(client, id, 'running');
    const late = await newVolume(client);
    await client.send(
      new ec2.AttachVolumeCommand({ InstanceId: id, VolumeId: late, Device: '/dev/sdh' }),
    );
    await client.send(new ec2.TerminateInstancesCommand({ InstanceIds: [id] }));
    await inState(client, id, 'terminated');
    const left = await until(async () => {
      const { Volumes: volumes = [] } = await client.send(new ec2.DescribeVolumesCommand({}));
      return volumes.every((volume) => volume.State === 'available') && volumes;
    });
    assert.equal(
      left.length,
      2,
      'the volume of /dev/sdg, whose default is to stay, and the late one',
    );
    assert.ok(
      left.some((volume) => volume.VolumeId === late),
      JSON.stringify(left),
    );
  });

  it('terminates twice without an error (TerminateInstances is idempotent)', async () => {
    const client = (await openTestCloud()).client();
    const id = await launch(client);
    for (let time = 0; time < 2; time += 1) {
      const { TerminatingInstances: changes } = await client.send(
        new ec2.TerminateInstancesCommand({ InstanceIds: [id] }),
      );
      assert.ok(
        ['shutting-down', 'terminated'].includes(changes?.[0]?.CurrentState?.Name ?? ''),
        ['shutting-down', 'terminated'].join('\n'),
      );
    }
  });

  it('keeps a protected instance and what shares its zone (TerminateInstances)', async () => {
    const client = (await openTestCloud()).client();
    const here = { Placement: { AvailabilityZone: 'us-east-1a' } };
    const guarded = await launch(client, { ...here, DisableApiTermination: true });
    const beside = await launch(client, here);
    const away = await launch(client, { Placement: { AvailabilityZone: 'us-east-1b' } });
    await refusal(
      'OperationNotPermitted',
      client.send(new ec2.TerminateInstancesCommand({ InstanceIds: [guarded, beside, away] })),
    );
    await inState(client, away, 'terminated');
    assert.notEqual((await instanceOf(client, beside)).State?.Name, 'terminated');
  });

  it('terminates an instance that shuts itself down if its shutdown behaviour is terminate (user guide, shutdown behavior)', async () => {
    const cloud = await openTestCloud();
    const client = cloud.client();
    const id = await launch(client, { InstanceInitiatedShutdownBehavior: 'terminate' });
    await inState(client, id, 'running');
    cloud.machines.machines.get(id)?.powerOff();
    const gone = await inState(client, id, 'terminated');
    assert.equal(gone.StateReason?.Code, 'Client.InstanceInitiatedShutdown');
    assert.deepEqual(gone.BlockDeviceMappings ?? [], []);
  });

  it('stops an instance that shuts itself down by default, and runs user-data at the first boot only', async () => {
    const cloud = await openTestCloud();
    const client = cloud.client();
    const UserData = Buffer.from('#!/bin/sh\ntrue\n').toString('base64');
    const id = await launch(client, { UserData });
    await inState(client, id, 'running');
    assert.equal(cloud.machines.machines.get(id)?.spec.userData, '#!/bin/sh\ntrue\n');
    cloud.machines.machines.get(id)?.powerOff();
    await inState(client, id, 'stopped');
    await client.send(new ec2.StartInstancesCommand({ InstanceIds: [id] }));
    await inState(client, id, 'running');
    assert.equal(cloud.machines.machines.get(id)?.spec.userData, undefined);
  });

  it('runs an instance whose disk cannot boot, and shows it impaired (user guide, status checks)', async () => {
    const cloud = await openTestCloud();
    cloud.machines.bootFailure = 'No bootable device.';
    const client = cloud.client();
    const id = await launch(client);
    await inState(client, id, 'running');
    await until(async () => {
      const { InstanceStatuses: statuses = [] } = await client.send(
        new ec2.DescribeInstanceStatusCommand({ InstanceIds: [id] }),
      );
      return (
        statuses[0]?.InstanceStatus?.Status === 'impaired' &&
        statuses[0].SystemStatus?.Status === 'ok'
      );
    });
    const { Output: output = '' } = await client.send(
      new ec2.GetConsoleOutputCommand({ InstanceId: id, Latest: true }),
    );
    assert.match(Buffer.from(output, 'base64').toString(), /No bootable device/);
  });

  it('posts console output late, keeps it after termination, and has the latest on Nitro only (GetConsoleOutput)', async () => {
    const cloud = await openTestCloud();
    const client = cloud.client();
    const id = await launch(client);
    await inState(client, id, 'running');
    const machine = cloud.machines.machines.get(id);
    assert.ok(machine, 'no machine');
    machine.console = 'the last words';
    await client.send(new ec2.TerminateInstancesCommand({ InstanceIds: [id] }));
    await inState(client, id, 'terminated');
    const { Output: output = '' } = await client.send(
      new ec2.GetConsoleOutputCommand({ InstanceId: id }),
    );
    assert.equal(Buffer.from(output, 'base64').toString(), 'the last words');
    const old = await launch(client, { InstanceType: 't2.micro' });
    await refusal(
      'UnsupportedOperation',
      client.send(new ec2.GetConsoleOutputCommand({ InstanceId: old, Latest: true })),
    );
  });

  it('changes one attribute at a time, the type only when stopped (ModifyInstanceAttribute)', async () => {
    const client = (await openTestCloud()).client();
    const id = await launch(client);
    await inState(client, id, 'running');
    await client.send(
      new ec2.ModifyInstanceAttributeCommand({
        InstanceId: id,
        InstanceInitiatedShutdownBehavior: { Value: 'terminate' },
      }),
    );
    const { InstanceInitiatedShutdownBehavior: behavior } = await client.send(
      new ec2.DescribeInstanceAttributeCommand({
        InstanceId: id,
        Attribute: 'instanceInitiatedShutdownBehavior',
      }),
    );
    assert.equal(behavior?.Value, 'terminate');
    const larger = { InstanceId: id, InstanceType: { Value: 't3.large' } };
    await refusal(
      'IncorrectInstanceState',
      client.send(new ec2.ModifyInstanceAttributeCommand(larger)),
    );
    await refusal(
      'InvalidParameterCombination',
      client.send(
        new ec2.ModifyInstanceAttributeCommand({
          ...larger,
          DisableApiTermination: { Value: true },
        }),
      ),
    );
  });
});
