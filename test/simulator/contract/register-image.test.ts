/** EC2's documented behaviour of RegisterImage. */

import assert from 'node:assert/strict';
import * as ec2 from '@aws-sdk/client-ec2';
import {
  closeTestClouds,
  hvmImage,
  idOf,
  imageOf,
  newImage,
  newSnapshot,
  newVolume,
  openTestCloud,
  refusal,
  setFaults,
} from '../cloud-fixture.js';

describe('contract: RegisterImage', () => {
  afterEach(closeTestClouds);

  async function kernelOf(
    client: ec2.EC2Client,
    name = 'pv-grub-hd0_1.05-x86_64.gz',
  ): Promise<string | undefined> {
    const { Images: kernels = [] } = await client.send(
      new ec2.DescribeImagesCommand({
        Owners: ['amazon'],
        Filters: [{ Name: 'name', Values: [name] }],
      }),
    );
    return kernels[0]?.ImageId;
  }

  it('keeps every field of RegisterImage and shows it (facts note: moto ignores them)', async () => {
    const client = (await openTestCloud()).client();
    const snapshot = await newSnapshot(client);
    const id = await newImage(client, {
      ...hvmImage(snapshot, 'Fedora-Cloud-43 (x86_64) [hvm]'),
      Description: 'Created from build <Fedora> & "more"',
      SriovNetSupport: 'simple',
      BootMode: 'uefi-preferred',
      ImdsSupport: 'v2.0',
      RootDeviceName: '/dev/sda1',
      BlockDeviceMappings: [
        {
          DeviceName: '/dev/sda1',
          Ebs: {
            SnapshotId: snapshot,
            VolumeType: 'gp3',
            VolumeSize: 7,
            DeleteOnTermination: true,
          },
        },
        { DeviceName: '/dev/sdb', VirtualName: 'ephemeral0' },
      ],
      TagSpecifications: [{ ResourceType: 'image', Tags: [{ Key: 'compose', Value: 'x' }] }],
    });
    const image = await imageOf(client, id);
    assert.equal(image.Name, 'Fedora-Cloud-43 (x86_64) [hvm]');
    assert.equal(image.Description, 'Created from build <Fedora> & "more"');
    assert.equal(image.Architecture, 'x86_64');
    assert.equal(image.VirtualizationType, 'hvm');
    assert.equal(image.EnaSupport, true);
    assert.equal(image.SriovNetSupport, 'simple');
    assert.equal(image.BootMode, 'uefi-preferred');
    assert.equal(image.ImdsSupport, 'v2.0');
    assert.equal(image.RootDeviceName, '/dev/sda1');
    assert.equal(image.RootDeviceType, 'ebs');
    assert.equal(image.Public, false);
    assert.equal(image.State, 'available');
    assert.deepEqual(image.Tags, [{ Key: 'compose', Value: 'x' }]);
    assert.deepEqual(image.BlockDeviceMappings?.[0]?.Ebs, {
      DeleteOnTermination: true,
      Iops: 3000,
      Throughput: 125,
      SnapshotId: snapshot,
      VolumeSize: 7,
      VolumeType: 'gp3',
      Encrypted: false,
    });
    assert.equal(image.BlockDeviceMappings[1]?.VirtualName, 'ephemeral0');
  });

  it('defaults to paravirtual and i386, which then lack a kernel (RegisterImage, defaults)', async () => {
    const client = (await openTestCloud()).client();
    const snapshot = await newSnapshot(client);
    const bare = {
      Name: 'bare',
      RootDeviceName: '/dev/sda1',
      BlockDeviceMappings: [{ DeviceName: '/dev/sda1', Ebs: { SnapshotId: snapshot } }],
    };
    await refusal(
      'MissingParameter',
      newImage(client, {
        ...bare,
        VirtualizationType: undefined,
        Architecture: undefined,
        EnaSupport: undefined,
      }),
    );
    const KernelId = await kernelOf(client, 'pv-grub-hd0_1.05-i386.gz');
    const { ImageId: id } = await client.send(new ec2.RegisterImageCommand({ ...bare, KernelId }));
    const image = await imageOf(client, idOf(id));
    assert.equal(image.VirtualizationType, 'paravirtual');
    assert.equal(image.Architecture, 'i386');
    assert.equal(image.KernelId, KernelId);
    assert.equal(image.BlockDeviceMappings?.[0]?.Ebs?.VolumeType, 'standard');
  });

  it('has PV kernels in nine commercial regions, and only there can a PV image be (user guide, user provided kernels)', async () => {
    const cloud = await openTestCloud({ settings: { optedInRegions: ['af-south-1'] } });
    const { Regions: regions = [] } = await cloud.client().send(new ec2.DescribeRegionsCommand({}));
    const withKernel: string[] = [];
    for (const { RegionName: name } of regions) {
      if ((await kernelOf(cloud.client(name))) !== undefined) withKernel.push(name ?? '');
    }
    assert.equal(withKernel.length, 9);
    const elsewhere = cloud.client('eu-north-1');
    const snapshot = await newSnapshot(elsewhere, {
      VolumeId: await newVolume(elsewhere, { AvailabilityZone: 'eu-north-1a' }),
    });
    await refusal(
      'InvalidAMIID.NotFound',
      newImage(elsewhere, {
        ...hvmImage(snapshot),
        VirtualizationType: 'paravirtual',
        EnaSupport: undefined,
        KernelId: await kernelOf(cloud.client('us-east-1')),
      }),
    );
  });

  it('refuses combinations that cannot work (RegisterImage; user guide, boot modes)', async () => {
    const client = (await openTestCloud()).client();
    const snapshot = await newSnapshot(client);
    const refuse = (
      code: string,
      change: Partial<ec2.RegisterImageCommandInput>,
    ): Promise<string> => refusal(code, newImage(client, { ...hvmImage(snapshot), ...change }));
    const KernelId = await kernelOf(client);
    const paravirtual = { VirtualizationType: 'paravirtual', KernelId };
    await refuse('InvalidParameterCombination', { ...paravirtual, EnaSupport: true });
    await refuse('InvalidParameterCombination', {
      ...paravirtual,
      EnaSupport: false,
      SriovNetSupport: 'simple',
    });
    await refuse('InvalidParameterCombination', {
      ...paravirtual,
      EnaSupport: false,
      Architecture: 'arm64',
    });
    await refuse('InvalidParameterCombination', {
      ...paravirtual,
      EnaSupport: false,
      Architecture: 'i386',
    });
    await refuse('InvalidParameterCombination', { KernelId });
    await refuse('InvalidParameterCombination', { Architecture: 'arm64', BootMode: 'legacy-bios' });
    await refuse('InvalidParameterCombination', { BootMode: 'uefi-preferred', TpmSupport: 'v2.0' });
    await refuse('InvalidBlockDeviceMapping', { RootDeviceName: '/dev/xvda' });
    await refuse('InvalidBlockDeviceMapping', {
      BlockDeviceMappings: [
        { DeviceName: '/dev/sda1', Ebs: { SnapshotId: snapshot, Encrypted: false } },
      ],
    });
    await refuse('InvalidParameterValue', {
      BlockDeviceMappings: [
        {
          DeviceName: '/dev/sda1',
          Ebs: { SnapshotId: snapshot, VolumeSize: 1025, VolumeType: 'standard' },
        },
      ],
    });
    await refuse('InvalidAMIName.Malformed', { Name: 'x'.repeat(129) });
    await refuse('InvalidAMIName.Malformed', { Name: 'no;semicolons' });
    await refuse('InvalidSnapshot.NotFound', hvmImage('snap-0123456789abcdef0'));
    await refuse('InvalidParameterValue', {
      TagSpecifications: [{ ResourceType: 'snapshot', Tags: [{ Key: 'a', Value: 'b' }] }],
    });
    const arm = { ...hvmImage(snapshot), Architecture: 'arm64', BootMode: 'uefi' } as const;
    assert.match(await newImage(client, arm), /^ami-/);
  });

  it('refuses a snapshot that is not completed or smaller than the volume asked for', async () => {
    const cloud = await openTestCloud();
    const client = cloud.client();
    const volume = await newVolume(client, { Size: 3 });
    const done = await newSnapshot(client, { VolumeId: volume });
    await refusal(
      'InvalidBlockDeviceMapping',
      newImage(client, {
        BlockDeviceMappings: [
          { DeviceName: '/dev/sda1', Ebs: { SnapshotId: done, VolumeSize: 2 } },
        ],
      }),
    );
    await setFaults(cloud, [{ action: 'CreateSnapshot', kind: 'stuck', forMs: 60_000 }]);
    const pending = await newSnapshot(client, { VolumeId: volume });
    await refusal('IncorrectState', newImage(client, hvmImage(pending)));
  });

  it('names the image that has the name already (error codes, InvalidAMIName.Duplicate)', async () => {
    const cloud = await openTestCloud();
    const client = cloud.client();
    const first = await newImage(client, { Name: 'taken' });
    const message = await refusal('InvalidAMIName.Duplicate', newImage(client, { Name: 'taken' }));
    assert.equal(message, `AMI name taken is already in use by AMI ${first}`);
    const abroad = cloud.client('eu-west-1');
    const snapshot = await newSnapshot(abroad, {
      VolumeId: await newVolume(abroad, { AvailabilityZone: 'eu-west-1a' }),
    });
    assert.ok(await newImage(abroad, hvmImage(snapshot, 'taken')), 'names are per region');
    await client.send(new ec2.DeregisterImageCommand({ ImageId: first }));
    assert.ok(await newImage(client, { Name: 'taken' }), "no newImage(client, { Name: 'taken' })");
  });
});
