/** The SSM half as the AWS SDK sees it, over HTTP, with instances that really run what they are sent. */

import assert from 'node:assert/strict';
import { promises as fs } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {
  DescribeImagesCommand,
  DescribeInstancesCommand,
  EC2Client,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import {
  CancelCommandCommand,
  DescribeInstanceInformationCommand,
  GetCommandInvocationCommand,
  GetParameterCommand,
  InvalidInstanceId,
  InvocationDoesNotExist,
  ListCommandInvocationsCommand,
  SendCommandCommand,
  SSMClient,
  paginateGetParametersByPath,
  waitUntilCommandExecuted,
  type GetCommandInvocationCommandOutput,
} from '@aws-sdk/client-ssm';

import { startSimulator, type Simulator } from '../../../src/simulator/index.js';
import { until } from '../machine/support.js';

const region = 'eu-central-1';
const credentials = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'example-secret-key' };

describe('Run Command through the AWS SDK', () => {
  let stateDir: string;
  let simulator: Simulator;
  let ec2: EC2Client;
  let ssm: SSMClient;

  async function start(): Promise<void> {
    simulator = await startSimulator({ stateDir, latency: 'fast', credentials });
    const options = { region, endpoint: simulator.url, credentials };
    ec2 = new EC2Client(options);
    ssm = new SSMClient(options);
  }
  async function stop(): Promise<void> {
    ec2.destroy();
    ssm.destroy();
    await simulator.close();
  }
  before(async () => {
    stateDir = await fs.mkdtemp(path.join(os.tmpdir(), 'ssm-sdk-'));
    await start();
  });
  after(async () => {
    await stop();
    await fs.rm(stateDir, { recursive: true, force: true });
  });

  async function launch(): Promise<string> {
    const name = '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64';
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name: name }));
    const { Instances } = await ec2.send(
      new RunInstancesCommand({
        ImageId: Parameter?.Value ?? '',
        InstanceType: 't3.micro',
        MinCount: 1,
        MaxCount: 1,
        IamInstanceProfile: { Name: 'utility' },
        TagSpecifications: [
          { ResourceType: 'instance', Tags: [{ Key: 'role', Value: 'utility' }] },
        ],
      }),
    );
    return Instances?.[0]?.InstanceId ?? '';
  }
  async function online(instanceId: string): Promise<boolean> {
    const { InstanceInformationList } = await ssm.send(
      new DescribeInstanceInformationCommand({
        Filters: [{ Key: 'InstanceIds', Values: [instanceId] }],
      }),
    );
    return InstanceInformationList?.[0]?.PingStatus === 'Online';
  }
  async function send(instanceId: string, ...commands: string[]): Promise<string> {
    const { Command } = await ssm.send(
      new SendCommandCommand({
        InstanceIds: [instanceId],
        DocumentName: 'AWS-RunShellScript',
        Parameters: { commands },
      }),
    );
    return Command?.CommandId ?? '';
  }
  async function finished(
    CommandId: string,
    InstanceId: string,
  ): Promise<GetCommandInvocationCommandOutput> {
    for (;;) {
      try {
        const result = await ssm.send(new GetCommandInvocationCommand({ CommandId, InstanceId }));
        if (!['Pending', 'InProgress', 'Delayed', 'Cancelling'].includes(result.Status ?? ''))
          return result;
      } catch (error) {
        if (!(error instanceof InvocationDoesNotExist)) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  it('finds the newest Amazon Linux by parameter, and by path', async () => {
    const names: string[] = [];
    for await (const page of paginateGetParametersByPath(
      { client: ssm, pageSize: 1 },
      { Path: '/aws/service/ami-amazon-linux-latest' },
    )) {
      for (const parameter of page.Parameters ?? []) names.push(parameter.Name ?? '');
    }
    assert.ok(
      names.includes('/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64'),
      names.join('\n'),
    );
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name: names[0] ?? '' }));
    const { Images } = await ec2.send(
      new DescribeImagesCommand({ ImageIds: [Parameter?.Value ?? ''] }),
    );
    assert.equal(Images?.[0]?.OwnerId, '137112412989');
    assert.ok(Parameter?.LastModifiedDate instanceof Date, String(Parameter?.LastModifiedDate));
  });

  it('runs a script on an instance that registered, refuses before, and not after it is gone', async () => {
    const instanceId = await launch();
    await assert.rejects(send(instanceId, 'true'), InvalidInstanceId);
    await until(() => online(instanceId));
    const commandId = await send(instanceId, 'uname -m', 'echo to stderr >&2', 'exit 7');
    const result = await finished(commandId, instanceId);
    assert.equal(result.Status, 'Failed');
    assert.equal(result.ResponseCode, 7);
    assert.equal(result.StandardOutputContent, 'x86_64\n');
    assert.equal(result.StandardErrorContent, 'to stderr\n\nfailed to run commands: exit status 7');
    const listed = await ssm.send(
      new ListCommandInvocationsCommand({ CommandId: commandId, Details: true }),
    );
    assert.equal(listed.CommandInvocations?.[0]?.CommandPlugins?.[0]?.ResponseCode, 7);
    assert.ok(
      listed.CommandInvocations[0].RequestedDateTime instanceof Date,
      String(listed.CommandInvocations[0].RequestedDateTime),
    );

    const success = await send(instanceId, 'true');
    await until(async () => (await finished(success, instanceId)).Status === 'Success');
    await waitUntilCommandExecuted(
      { client: ssm, maxWaitTime: 10, minDelay: 1, maxDelay: 1 },
      { CommandId: success, InstanceId: instanceId },
    );
    const long = await send(instanceId, 'sleep 60');
    await until(async () => {
      const { CommandInvocations } = await ssm.send(
        new ListCommandInvocationsCommand({ CommandId: long }),
      );
      return CommandInvocations?.[0]?.Status === 'InProgress';
    });
    await ssm.send(new CancelCommandCommand({ CommandId: long }));
    assert.equal((await finished(long, instanceId)).Status, 'Cancelled');

    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [instanceId] }));
    await until(async () => !(await online(instanceId)));
    await assert.rejects(send(instanceId, 'true'), InvalidInstanceId);
  });

  it('keeps commands and files over a restart; what ran has failed', async () => {
    const instanceId = await launch();
    await until(() => online(instanceId));
    const before = await send(instanceId, 'echo kept > /var/lib/kept; echo before');
    assert.equal((await finished(before, instanceId)).Status, 'Success');
    const running = await send(instanceId, 'touch /var/lib/begun; sleep 300');
    await until(async () => {
      const probe = await send(instanceId, 'test -e /var/lib/begun');
      return (await finished(probe, instanceId)).Status === 'Success';
    });
    await stop();
    await start();
    const again = await finished(before, instanceId);
    assert.equal(again.StandardOutputContent, 'before\n');
    const lost = await finished(running, instanceId);
    assert.equal(lost.Status, 'Failed');
    assert.match(lost.StandardErrorContent ?? '', /document process failed unexpectedly/);
    await until(() => online(instanceId));
    const after = await finished(await send(instanceId, 'cat /var/lib/kept'), instanceId);
    assert.equal(after.StandardOutputContent, 'kept\n');
    const { Reservations } = await ec2.send(
      new DescribeInstancesCommand({ InstanceIds: [instanceId] }),
    );
    assert.equal(Reservations?.[0]?.Instances?.[0]?.State?.Name, 'running');
  });
});
