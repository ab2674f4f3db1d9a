/** The contract as other clients see it: boto3 and the AWS CLI, pointed at the local cloud. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { useAwsTools } from '../support/python-tools.js';
import { clientEnvironment, closeTestClouds, openTestCloud } from './cloud-fixture.js';

const run = promisify(execFile);

describe('contract: other clients', () => {
  const bin = useAwsTools();
  afterEach(closeTestClouds);

  it('works for boto3 and its waiters as EC2 does', async () => {
    const cloud = await openTestCloud({ latency: 'fast' });
    const script = fileURLToPath(new URL('aws-tools.py', import.meta.url));
    const { stdout } = await run(path.join(bin(), 'python'), [script, cloud.url], {
      env: clientEnvironment(cloud),
    });
    assert.deepEqual(JSON.parse(stdout), {
      account: '111122223333',
      regions: 34,
      same_instance: true,
      mismatch: 'IdempotentParameterMismatch',
      tag: 'boto & <co>',
      devices: ['/dev/xvda', '/dev/sdf'],
      public: true,
      in_use: 'InvalidSnapshot.InUse',
      disabled_region: 'AuthFailure',
      same_copy: true,
      duplicate: 'InvalidAMIName.Duplicate',
      not_found: [
        'InvalidInstanceID.NotFound',
        'InvalidVolume.NotFound',
        'InvalidSnapshot.NotFound',
        'InvalidAMIID.NotFound',
      ],
      quotas: ['ResourceLimitExceeded', 'VolumeLimitExceeded'],
      blocked: 'OperationNotPermitted',
      ssm: ['InvalidInstanceId', 'InvalidDocument', 'InvocationDoesNotExist'],
      throttled: true,
      terminated_token: 'IdempotentInstanceTerminated',
      pages: 8,
    });
  });

  it('works for the AWS CLI as EC2 does, errors and queries included', async () => {
    const cloud = await openTestCloud();
    const aws = (...words: string[]): Promise<{ stdout: string }> =>
      run(path.join(bin(), 'aws'), ['--endpoint-url', cloud.url, '--output', 'text', ...words], {
        env: clientEnvironment(cloud),
      });
    const identity = await aws('sts', 'get-caller-identity', '--query', 'Account');
    assert.equal(identity.stdout.trim(), '111122223333');
    const volume = await aws(
      'ec2',
      'create-volume',
      '--availability-zone',
      'us-east-1a',
      '--size',
      '1',
      '--query',
      'VolumeId',
    );
    const id = volume.stdout.trim();
    await aws('ec2', 'create-tags', '--resources', id, '--tags', 'Key=Name,Value=from the CLI');
    const named = await aws(
      'ec2',
      'describe-volumes',
      '--filters',
      'Name=tag:Name,Values=from*',
      '--query',
      'Volumes[].VolumeId',
    );
    assert.equal(named.stdout.trim(), id);
    await aws('ec2', 'delete-volume', '--volume-id', id);
    await assert.rejects(
      aws('ec2', 'describe-volumes', '--volume-ids', 'vol-0123456789abcdef0'),
      /InvalidVolume\.NotFound/,
    );
  });
});
