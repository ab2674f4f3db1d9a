/** Users, roles and their keys. Sources: IAM user guide; STS API reference. */

import assert from 'node:assert/strict';
import { EBSClient, StartSnapshotCommand } from '@aws-sdk/client-ebs';
import * as ec2 from '@aws-sdk/client-ec2';
import { GetParameterCommand, SendCommandCommand } from '@aws-sdk/client-ssm';
import type { TestCloud } from '../cloud-fixture.js';
import {
  closeTestClouds,
  control,
  launch,
  newVolume,
  openTestCloud,
  refusal,
  testCredentials,
} from '../cloud-fixture.js';
import {
  account,
  closeClients,
  cloudWithUser,
  document,
  ec2As,
  putIam,
  ssmAs,
  sts,
  tagOfXml,
  trust,
  userKeys,
} from './principals.js';

const user = `arn:aws:iam::${account}:user/publisher`;
const describing = { Effect: 'Allow', Action: 'ec2:DescribeVpcs', Resource: '*' } as const;

describe('IAM: principals', () => {
  afterEach(closeTestClouds);
  afterEach(closeClients);

  it('lets everybody do everything while the account has no principals', async () => {
    const cloud = await openTestCloud();
    await newVolume(cloud.client());
    assert.deepEqual(await control(cloud, 'iam/decisions'), []);
    const { body } = await sts(cloud, { Action: 'GetCallerIdentity' }, testCredentials);
    assert.equal(tagOfXml(body, 'Arn'), `arn:aws:iam::${account}:user/fedimg`);
  });

  it('knows each user by the key, and the account by the pair of the start', async () => {
    const cloud = await cloudWithUser(describing);
    const arnOf = async (keys: typeof testCredentials): Promise<string> =>
      tagOfXml((await sts(cloud, { Action: 'GetCallerIdentity' }, keys)).body, 'Arn');
    assert.equal(await arnOf(userKeys), user);
    assert.equal(await arnOf(testCredentials), `arn:aws:iam::${account}:root`);
    const wrong = { ...userKeys, secretAccessKey: 'another/secret' };
    await refusal('AuthFailure', ec2As(cloud, wrong).send(new ec2.DescribeVpcsCommand({})));
  });

  it('gives the pair of the start to a user without keys of its own', async () => {
    const policies = { own: document(describing) };
    const cloud = await openTestCloud({ iam: { users: [{ name: 'publisher', policies }] } });
    await cloud.client().send(new ec2.DescribeVpcsCommand({}));
    await refusal('UnauthorizedOperation', newVolume(cloud.client()));
  });

  describe('roles', () => {
    const roleArn = `arn:aws:iam::${account}:role/worker`;
    const request = { Action: 'AssumeRole', RoleArn: roleArn, RoleSessionName: 'night' };

    function cloudWithRole(trusted: ReturnType<typeof trust>) {
      return openTestCloud({
        iam: {
          users: [{ name: 'publisher', ...userKeys, policies: {} }],
          roles: [{ name: 'worker', trust: trusted, policies: { own: document(describing) } }],
        },
      });
    }

    function keysIn(body: string) {
      return {
        accessKeyId: tagOfXml(body, 'AccessKeyId'),
        secretAccessKey: tagOfXml(body, 'SecretAccessKey'),
        sessionToken: tagOfXml(body, 'SessionToken'),
      };
    }

    it('are assumed by whom the trust policy names, and then only their own policies count', async () => {
      const cloud = await cloudWithRole(trust(user));
      const keys = keysIn((await sts(cloud, request)).body);
      await ec2As(cloud, keys).send(new ec2.DescribeVpcsCommand({}));
      const message = await refusal('UnauthorizedOperation', newVolume(ec2As(cloud, keys)));
      assert.match(message, /User: arn:aws:sts::\d{12}:assumed-role\/worker\/night is not/);
      const { body } = await sts(cloud, { Action: 'GetCallerIdentity' }, keys);
      assert.equal(tagOfXml(body, 'Arn'), `arn:aws:sts::${account}:assumed-role/worker/night`);
      const { accessKeyId, secretAccessKey } = keys;
      const withoutToken = { accessKeyId, secretAccessKey };
      await refusal(
        'AuthFailure',
        ec2As(cloud, withoutToken).send(new ec2.DescribeVpcsCommand({})),
      );
    });

    it('are refused to others, in the words that a missing role gets', async () => {
      const cloud = await cloudWithRole(trust(`arn:aws:iam::${account}:user/somebody`));
      const refused = await sts(cloud, request);
      assert.equal(refused.status, 403);
      assert.equal(tagOfXml(refused.body, 'Code'), 'AccessDenied');
      const missing = await sts(cloud, { ...request, RoleArn: `${roleArn}s` });
      assert.equal(
        tagOfXml(missing.body, 'Message').replace('workers', 'worker'),
        tagOfXml(refused.body, 'Message'),
      );
    });

    it('want the external id that their trust policy asks for', async () => {
      const cloud = await cloudWithRole(
        trust(user, { StringEquals: { 'sts:ExternalId': 'seven' } }),
      );
      assert.equal((await sts(cloud, request)).status, 403);
      assert.equal((await sts(cloud, { ...request, ExternalId: 'seven' })).status, 200);
    });

    it('are left when the session has expired', async () => {
      const cloud = await cloudWithRole(trust(user));
      const keys = keysIn((await sts(cloud, { ...request, DurationSeconds: '900' })).body);
      const { clock } = cloud.cloud;
      const now = clock.now();
      Object.assign(clock, { now: () => now + 901_000 });
      await refusal('RequestExpired', ec2As(cloud, keys).send(new ec2.DescribeVpcsCommand({})));
    });
  });

  it('decodes the message of a denial for whom may decode it, and for no other cloud', async () => {
    const decode = {
      Effect: 'Allow',
      Action: 'sts:DecodeAuthorizationMessage',
      Resource: '*',
    } as const;
    const cloud = await cloudWithUser(decode);
    const message = await refusal('UnauthorizedOperation', newVolume(ec2As(cloud)));
    const EncodedMessage = message.split('message: ')[1] ?? '';
    const { body } = await sts(cloud, { Action: 'DecodeAuthorizationMessage', EncodedMessage });
    const decoded = JSON.parse(tagOfXml(body, 'DecodedMessage')) as {
      readonly explicitDeny: boolean;
      readonly context: { readonly action: string; readonly principal: { readonly arn: string } };
    };
    assert.equal(decoded.explicitDeny, false);
    assert.equal(decoded.context.action, 'ec2:CreateVolume');
    assert.equal(decoded.context.principal.arn, user);
    const other = await cloudWithUser(decode);
    const foreign = await sts(other, { Action: 'DecodeAuthorizationMessage', EncodedMessage });
    assert.equal(tagOfXml(foreign.body, 'Code'), 'InvalidAuthorizationMessageException');
  });

  it('asks SSM for the document and for each instance, by the tags of the instance', async () => {
    const send = { Effect: 'Allow', Action: 'ssm:SendCommand' } as const;
    const cloud = await cloudWithUser(
      { ...send, Resource: 'arn:aws:ssm:*::document/AWS-RunShellScript' },
      {
        ...send,
        Resource: `arn:aws:ec2:*:${account}:instance/*`,
        Condition: { StringEquals: { 'ssm:resourceTag/owner': 'publisher' } },
      },
    );
    const id = await launch(cloud.client());
    const parameters = { InstanceIds: [id], Parameters: { commands: ['true'] } };
    const run = (DocumentName: string) =>
      ssmAs(cloud).send(new SendCommandCommand({ ...parameters, DocumentName }));
    const message = await refusal('AccessDeniedException', run('AWS-RunShellScript'));
    assert.equal(
      message,
      `User: ${user} is not authorized to perform: ssm:SendCommand on resource: arn:aws:ec2:us-east-1:${account}:instance/${id} because no identity-based policy allows the ssm:SendCommand action`,
    );
    assert.match(
      await refusal('AccessDeniedException', run('AWS-RunRemoteScript')),
      /document\/AWS-Run/,
    );
    const Tags = [{ Key: 'owner', Value: 'publisher' }];
    await cloud.client().send(new ec2.CreateTagsCommand({ Resources: [id], Tags }));
    // Permission is there; what SSM says next is about the agent.
    await run('AWS-RunShellScript').catch((error: unknown) => {
      assert(error instanceof Error, String(error));
      assert.equal(error.name, 'InvalidInstanceId');
    });
  });

  it('tells public parameters from those of the account', async () => {
    const cloud = await cloudWithUser({
      Effect: 'Allow',
      Action: 'ssm:GetParameter',
      Resource: 'arn:aws:ssm:*::parameter/aws/service/ami-amazon-linux-latest/*',
    });
    const read = (Name: string) => ssmAs(cloud).send(new GetParameterCommand({ Name }));
    await read('/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64');
    assert.match(
      await refusal('AccessDeniedException', read('/images/utility')),
      new RegExp(`arn:aws:ssm:us-east-1:${account}:parameter/images/utility `),
    );
  });

  it('looks at the tags of a snapshot that StartSnapshot makes, and asks for their permission, too', async () => {
    const Condition = { StringEquals: { 'aws:RequestTag/owner': 'us' } };
    const start = {
      Effect: 'Allow',
      Action: 'ebs:StartSnapshot',
      Resource: '*',
      Condition,
    } as const;
    const tagging = { Effect: 'Allow', Action: 'ec2:CreateTags', Resource: '*' } as const;
    const tagged = new StartSnapshotCommand({
      ...{ VolumeSize: 1, Tags: [{ Key: 'owner', Value: 'us' }] },
    });
    // The client puts a mark of its own on the object that it gets.
    const ebsAs = ({ url: endpoint }: TestCloud) =>
      new EBSClient({
        ...{ region: 'us-east-1', endpoint, maxAttempts: 1 },
        credentials: { ...userKeys },
      });
    const some = ebsAs(await cloudWithUser(start));
    const all = ebsAs(await cloudWithUser(start, tagging));
    const plain = new StartSnapshotCommand({ VolumeSize: 1 });
    assert.match(await refusal('AccessDeniedException', all.send(plain)), /ebs:StartSnapshot/);
    assert.match(await refusal('AccessDeniedException', some.send(tagged)), /ec2:CreateTags/);
    await all.send(tagged);
    some.destroy();
    all.destroy();
  });

  it('takes another setup while it runs, from whom has the secret of the start', async () => {
    const cloud = await openTestCloud();
    const currentSecretAccessKey = testCredentials.secretAccessKey;
    const users = [{ name: 'publisher', ...userKeys, policies: { own: document(describing) } }];
    assert.equal((await putIam(cloud, { users, currentSecretAccessKey: 'guessed' })).status, 403);
    const broken = [{ ...users[0], policies: { own: { Statement: [{ Effect: 'Perhaps' }] } } }];
    const refused = await putIam(cloud, { users: broken, currentSecretAccessKey });
    assert.equal(refused.status, 400);
    assert.match(await refused.text(), /Policies of publisher: own: /);
    const put = await putIam(cloud, { users, currentSecretAccessKey });
    assert.equal(put.status, 200);
    assert(!(await put.text()).includes(userKeys.secretAccessKey), 'the answer has the secret key');
    await ec2As(cloud).send(new ec2.DescribeVpcsCommand({}));
    const seen = await control<{ readonly action: string; readonly verdict: string }[]>(
      cloud,
      'iam/decisions',
    );
    assert.deepEqual(
      seen.map(({ action, verdict }) => `${action} ${verdict}`),
      ['ec2:DescribeVpcs allowed'],
    );
    assert.equal((await putIam(cloud, { currentSecretAccessKey })).status, 200);
    await newVolume(cloud.client());
  });
});
