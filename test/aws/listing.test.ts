import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { imageById, pvKernel } from '../../src/aws/account.js';
import { findImages, findImagesByName, findImagesOfSnapshot } from '../../src/aws/images.js';
import { findInstances } from '../../src/aws/instances.js';
import { findOwned, listOwned } from '../../src/aws/inventory.js';
import { publicImages } from '../../src/aws/quotas.js';
import type { RegionAccess } from '../../src/aws/region-access.js';
import { Aws, AWS_DEFAULTS } from '../../src/aws/region-access.js';
import { findSnapshots } from '../../src/aws/snapshots.js';
import { findVolumes } from '../../src/aws/volumes.js';

const SRC = fileURLToPath(new URL('../../src/', import.meta.url));

const { signal } = new AbortController();

interface Input {
  readonly IncludeDeprecated?: boolean;
  readonly MaxResults?: number;
  readonly NextToken?: string;
}

/** The last page of each listing; the page before it is empty, as EC2's may be. */
const LAST_PAGE: Readonly<Record<string, object>> = {
  DescribeInstancesCommand: {
    Reservations: [{ Instances: [{ InstanceId: 'i-1', State: { Name: 'running' } }] }],
  },
  DescribeVolumesCommand: { Volumes: [{ VolumeId: 'vol-1', State: 'available' }] },
  DescribeSnapshotsCommand: { Snapshots: [{ SnapshotId: 'snap-1', State: 'completed' }] },
  DescribeImagesCommand: { Images: [{ ImageId: 'ami-1', Name: 'an image', State: 'available' }] },
};

/** A region of two pages, with the inputs that it was sent. */
function regionOfTwoPages(): { ec2: RegionAccess; inputs: Input[] } {
  const ec2 = new Aws(AWS_DEFAULTS).region('us-east-1');
  const inputs: Input[] = [];
  ec2.ec2.send = ((command: { constructor: { name: string }; input: Input }) => {
    inputs.push(command.input);
    const page = command.input.NextToken === undefined ? {} : LAST_PAGE[command.constructor.name];
    const token = command.input.NextToken === undefined ? { NextToken: 'page-2' } : {};
    return Promise.resolve({ ...page, ...token });
  }) as never;
  return { ec2, inputs };
}

const TAGS = { 'fedimg:deployment': 'test' };

const LOOKUPS: Readonly<Record<string, [(ec2: RegionAccess) => Promise<unknown>, unknown]>> = {
  'instances by tags': [
    async (ec2) => (await findInstances(ec2, TAGS, ['running'], signal))[0]?.InstanceId,
    'i-1',
  ],
  'volumes by tags': [async (ec2) => (await findVolumes(ec2, TAGS, signal))[0]?.VolumeId, 'vol-1'],
  'snapshots by tags': [
    async (ec2) => (await findSnapshots(ec2, TAGS, signal))[0]?.SnapshotId,
    'snap-1',
  ],
  'AMIs by tags': [async (ec2) => (await findImages(ec2, TAGS, signal))[0]?.ImageId, 'ami-1'],
  'AMIs by name': [
    async (ec2) => (await findImagesByName(ec2, ['an image'], signal))[0]?.ImageId,
    'ami-1',
  ],
  'AMIs of a snapshot': [
    async (ec2) => (await findImagesOfSnapshot(ec2, 'snap-1', signal))[0],
    'ami-1',
  ],
  'the PV-GRUB kernel': [(ec2) => pvKernel(ec2, signal), 'ami-1'],
  'an AMI by its id': [async (ec2) => (await imageById(ec2, 'ami-1', signal))?.ImageId, 'ami-1'],
  'public AMIs': [async (ec2) => (await publicImages(ec2, signal))[0]?.ImageId, 'ami-1'],
  'what this deployment owns': [
    async (ec2) => (await listOwned(ec2, TAGS, signal)).map(({ id }) => id),
    ['i-1', 'vol-1', 'ami-1', 'snap-1'],
  ],
  'one stray': [
    async (ec2) => (await findOwned(ec2, { type: 'volume', id: 'vol-1' }, signal))?.id,
    'vol-1',
  ],
  'an awaited instance': [
    (ec2) => ec2.instances.wait('i-1', (one) => one?.InstanceId ?? 'not listed', signal),
    'i-1',
  ],
  'an awaited volume': [
    (ec2) => ec2.volumes.wait('vol-1', (one) => one?.VolumeId ?? 'not listed', signal),
    'vol-1',
  ],
  'an awaited snapshot': [
    (ec2) => ec2.snapshots.wait('snap-1', (one) => one?.SnapshotId ?? 'not listed', signal),
    'snap-1',
  ],
  'an awaited AMI': [
    (ec2) => ec2.images.wait('ami-1', (one) => one?.ImageId ?? 'not listed', signal),
    'ami-1',
  ],
};

describe('a listing of EC2 in an account of many resources', () => {
  for (const [what, [lookUp, expected]] of Object.entries(LOOKUPS)) {
    it(`finds ${what} on the second page, and asks for pages`, async () => {
      const { ec2, inputs } = regionOfTwoPages();
      assert.deepEqual(await lookUp(ec2), expected);
      assert(
        inputs.every(({ MaxResults = 0 }) => MaxResults > 0),
        JSON.stringify(inputs),
      );
    });
  }

  it('finds an AMI of another owner by its id, and a PV kernel, also once it is deprecated', async () => {
    const { ec2, inputs } = regionOfTwoPages();
    await imageById(ec2, 'ami-1', signal);
    await pvKernel(ec2, signal);
    assert.equal(inputs.length, 4);
    assert(
      inputs.every(({ IncludeDeprecated }) => IncludeDeprecated === true),
      JSON.stringify(inputs),
    );
  });

  it('is sent by aws/listing.ts only, which pages every one', async () => {
    const files = await readdir(SRC, { recursive: true });
    const ours = files.filter((file) => file.endsWith('.ts') && !file.startsWith('simulator'));
    const commands = /\bDescribe(?:Images|Instances|Snapshots|Volumes)Command\b(?!Input)/;
    const paginators = /\bpaginateDescribe(?:Images|Instances|Snapshots|Volumes)\b/;
    const paging: string[] = [];
    for (const file of ours) {
      const source = await readFile(join(SRC, file), 'utf8');
      assert.doesNotMatch(source, commands, `${file}: use aws/listing.ts`);
      if (paginators.test(source)) paging.push(file);
    }
    assert.deepEqual(paging, ['aws/listing.ts']);
  });
});
