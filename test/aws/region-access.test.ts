import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { RunInstancesCommand } from '@aws-sdk/client-ec2';
import { DescribeInstanceInformationCommand } from '@aws-sdk/client-ssm';
import { Aws, AWS_DEFAULTS } from '../../src/aws/region-access.js';
import {
  amazonLinux,
  closeTestClouds,
  openTestCloud,
  testCredentials as credentials,
  until,
} from '../simulator/cloud-fixture.js';

/** More than SSM has on a page. */
const NODES = 55;

const { signal } = new AbortController();

describe('an SSM agent among more than a page of them', () => {
  afterEach(() => closeTestClouds());

  it('is not taken for dead because its page is not the first', async () => {
    const cloud = await openTestCloud();
    const aws = new Aws(AWS_DEFAULTS, { endpoint: cloud.url, credentials });
    try {
      const ec2 = aws.region('us-east-1');
      const launched = await ec2.ec2.send(
        new RunInstancesCommand({
          ImageId: await amazonLinux(cloud.client()),
          InstanceType: 't3.micro',
          IamInstanceProfile: { Name: 'utility' },
          MinCount: NODES,
          MaxCount: NODES,
        }),
      );
      const ids = (launched.Instances ?? []).map(({ InstanceId = '' }) => InstanceId);
      const page = (NextToken?: string) =>
        ec2.ssm.send(
          new DescribeInstanceInformationCommand({
            MaxResults: 50,
            ...(NextToken === undefined ? {} : { NextToken }),
          }),
        );
      const next = await until(async () => (await page()).NextToken);
      await until(async () => ((await page(next)).InstanceInformationList?.length ?? 0) === 5);
      const late = (await page(next)).InstanceInformationList?.[0]?.InstanceId ?? '';
      assert(ids.includes(late), ids.join('\n'));
      const seen = (id: string) =>
        ec2.agents.wait(id, (agent) => agent?.PingStatus ?? 'not listed', signal);
      assert.equal(await seen(late), 'Online');
    } finally {
      aws.destroy();
    }
  });
});

describe('a listing of SSM', () => {
  afterEach(() => closeTestClouds());

  it('is read where a scale makes the time-out of a request a fraction of a millisecond', async () => {
    const cloud = await openTestCloud();
    const settings = { ...AWS_DEFAULTS, requestTimeoutMs: 12_137.3 };
    const aws = new Aws(settings, { endpoint: cloud.url, credentials });
    try {
      const { agents } = aws.region('us-east-1');
      assert.equal(await agents.wait('i-0123456789abcdef0', () => 'asked', signal), 'asked');
    } finally {
      aws.destroy();
    }
  });

  it('ends at an empty token, which SSM sends on the last page', async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(String(request.headers['x-amz-target']));
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' });
      // Ends the test for code that takes the empty token for the token of a next page.
      const end = asked.length < 5 ? { NextToken: '' } : {};
      response.end(JSON.stringify({ ...end, CommandInvocations: [], InstanceInformationList: [] }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const aws = new Aws(AWS_DEFAULTS, { endpoint, credentials });
    try {
      const { agents, invocations } = aws.region('us-east-1');
      await agents.wait('i-1', () => 'seen', signal);
      await invocations.wait('command-1', () => 'seen', signal);
      assert.deepEqual(asked, [
        'AmazonSSM.DescribeInstanceInformation',
        'AmazonSSM.ListCommandInvocations',
      ]);
    } finally {
      aws.destroy();
      server.close();
    }
  });
});
