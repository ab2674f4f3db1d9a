/** A worker that writes and reads snapshots through the EBS direct APIs, with the policies of ops/iam. */

import assert from 'node:assert/strict';
import * as ebs from '@aws-sdk/client-ebs';
import { CreateTagsCommand } from '@aws-sdk/client-ec2';
import { deploymentKey, TAG } from '../../src/model/ids/tags.js';
import type { Decision } from '../../src/simulator/index.js';
import { CloudControl } from '../support/cloud-control.js';
import { DEPLOYMENT } from '../support/publisher-config.js';
import type { TestCloud } from '../simulator/cloud-fixture.js';
import { closeTestClouds, openTestCloud, testCredentials } from '../simulator/cloud-fixture.js';
import { blockOf, closeEbsClients, ebsOf, put, startOf } from '../simulator/ebs/support.js';
import type { Part } from './policy-table.js';
import { partsOf } from './policy-table.js';
import {
  compareRecorded,
  DEFAULT_POLICIES,
  documents,
  EBS_DIRECT,
  iamOf,
  installed,
  questionsOf,
} from './shipped.js';

const POLICIES = [...DEFAULT_POLICIES, 'ebs-direct'];
const Tags = tagsOf(DEPLOYMENT);

function tagsOf(deployment: string): ebs.Tag[] {
  return Object.entries(deploymentKey(deployment)).map(([Key, Value]) => ({ Key, Value }));
}

function openCloud(): Promise<TestCloud> {
  return iamOf({ policies: POLICIES }).then((iam) => openTestCloud({ iam }));
}

/** One snapshot of one block, read back, and with its hash in a tag. */
async function writeAndRead(cloud: TestCloud): Promise<string> {
  const client = ebsOf(cloud);
  const SnapshotId = await startOf(client, { Tags });
  await put(client, SnapshotId, 0, blockOf('the first block'));
  await client.send(new ebs.CompleteSnapshotCommand({ SnapshotId, ChangedBlocksCount: 1 }));
  const { Blocks = [] } = await client.send(new ebs.ListSnapshotBlocksCommand({ SnapshotId }));
  const [{ BlockIndex = 0, BlockToken = '' } = {}] = Blocks;
  await client.send(new ebs.GetSnapshotBlockCommand({ SnapshotId, BlockIndex, BlockToken }));
  const hash = [{ Key: TAG.rawSha256, Value: 'a'.repeat(64) }];
  await cloud.client().send(new CreateTagsCommand({ Resources: [SnapshotId], Tags: hash }));
  return SnapshotId;
}

async function decisionsOf(cloud: TestCloud): Promise<Decision[]> {
  return new CloudControl(cloud.url).decisions();
}

/** In force from now on: the policies without that part. */
async function removeFromPolicy(cloud: TestCloud, { without }: Part): Promise<void> {
  const policies = new Map([...(await installed(POLICIES)), ['ebs-direct', without]]);
  const setup = await iamOf({ policies: POLICIES });
  const users = [{ name: 'worker', policies: documents(policies) }];
  const { secretAccessKey: currentSecretAccessKey } = testCredentials;
  const answer = await fetch(`${cloud.url}/_fedimg/iam`, {
    method: 'PUT',
    body: JSON.stringify({ ...setup, users, currentSecretAccessKey }),
  });
  assert.equal(answer.status, 200, await answer.text());
}

const ACTION = /^action (?=\w+:)/;

/** Each action of each statement: two of them let the worker set tags. */
async function actionsOfPolicy(): Promise<Part[]> {
  const policy = (await installed(['ebs-direct'])).get('ebs-direct');
  assert(policy, 'no policy');
  return partsOf('ebs-direct', policy).filter(({ part }) => ACTION.test(part));
}

describe('a worker with the policy of the EBS direct APIs', () => {
  afterEach(closeEbsClients);
  afterEach(closeTestClouds);

  it('writes a snapshot with its tags and reads it back', async () => {
    const cloud = await openCloud();
    await writeAndRead(cloud);
    await compareRecorded(EBS_DIRECT, questionsOf(await decisionsOf(cloud)));
  });

  it('cannot start a snapshot without its tags', async () => {
    const cloud = await openCloud();
    const client = ebsOf(cloud);
    await assert.rejects(startOf(client), /not authorized to perform: ebs:StartSnapshot/);
    const foreign = startOf(client, { Tags: tagsOf('staging') });
    await assert.rejects(foreign, /not authorized to perform: ebs:StartSnapshot/);
  });

  it('cannot read or write a snapshot of somebody else', async () => {
    const cloud = await openCloud();
    const SnapshotId = await writeAndRead(cloud);
    // The account's root user gives the snapshot to another deployment.
    const { secretAccessKey: currentSecretAccessKey } = testCredentials;
    const setup = await iamOf({ policies: POLICIES });
    const iam = (users: unknown[]) => ({
      method: 'PUT',
      body: JSON.stringify({ ...setup, users, currentSecretAccessKey }),
    });
    await fetch(`${cloud.url}/_fedimg/iam`, iam([]));
    const Other = [{ Key: TAG.deployment, Value: 'staging' }];
    await cloud.client().send(new CreateTagsCommand({ Resources: [SnapshotId], Tags: Other }));
    await fetch(`${cloud.url}/_fedimg/iam`, iam([...(setup.users ?? [])]));
    const client = ebsOf(cloud);
    const list = client.send(new ebs.ListSnapshotBlocksCommand({ SnapshotId }));
    await assert.rejects(list, /not authorized to perform: ebs:ListSnapshotBlocks/);
    const write = put(client, SnapshotId, 0, blockOf('other bytes'));
    await assert.rejects(write, /not authorized to perform: ebs:PutSnapshotBlock/);
  });

  it('is refused by name in each action that the policy lacks', async () => {
    const cloud = await openCloud();
    const actions = await actionsOfPolicy();
    assert.equal(actions.length, 7, actions.map(({ part }) => part).join());
    for (const one of actions) {
      await removeFromPolicy(cloud, one);
      const action = one.part.replace(ACTION, '');
      // The tag of the hash is set through EC2, which has another word for it.
      const isOfEc2 = one.statement === 'NoteTheHashOfOurSnapshots';
      await assert.rejects(writeAndRead(cloud), (error: Error) => {
        const name = isOfEc2 ? 'UnauthorizedOperation' : 'AccessDeniedException';
        assert.equal(error.name, name, String(error));
        assert.match(error.message, new RegExp(`not authorized to perform: ${action} on resource`));
        return true;
      });
    }
  });
});
