import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DescribeRegionsCommand } from '@aws-sdk/client-ec2';
import { GetParameterCommand } from '@aws-sdk/client-ssm';
import type { AwsCredentialIdentity } from '@smithy/types';
import { RenewedCredentials } from '../../src/aws/credentials.js';
import { classifyAwsError } from '../../src/aws/errors.js';
import { Aws, AWS_DEFAULTS } from '../../src/aws/region-access.js';
import { closeTestClouds, openTestCloud } from '../simulator/cloud-fixture.js';

const OLD = { accessKeyId: 'AKIAOLDOLDOLDOLDOLD1', secretAccessKey: 'old' };
const NEW = { accessKeyId: 'AKIANEWNEWNEWNEWNEW1', secretAccessKey: 'new' };

/** With a credentials file of its own, and without the other sources of the SDK's chain. */
async function withCredentialsFile(
  body: (write: (pair: typeof OLD) => Promise<void>, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'fedimg-credentials-'));
  const file = path.join(folder, 'credentials');
  const aws = Object.entries(process.env).filter(([name]) => name.startsWith('AWS_'));
  for (const [name] of aws) delete process.env[name];
  Object.assign(process.env, {
    AWS_SHARED_CREDENTIALS_FILE: file,
    AWS_CONFIG_FILE: path.join(folder, 'config'),
    AWS_EC2_METADATA_DISABLED: 'true',
  });
  const write = ({ accessKeyId, secretAccessKey }: typeof OLD): Promise<void> =>
    writeFile(
      file,
      `[default]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`,
    );
  try {
    await body(write, folder);
  } finally {
    for (const name of Object.keys(process.env)) {
      if (name.startsWith('AWS_')) delete process.env[name];
    }
    Object.assign(process.env, Object.fromEntries(aws));
    await rm(folder, { recursive: true, force: true });
  }
}

async function refusal(call: Promise<unknown>) {
  const error: unknown = await call.then(
    () => assert.fail('it was not refused'),
    (thrown: unknown) => thrown,
  );
  const failure = classifyAwsError(error);
  assert.equal(failure?.class, 'credentials', String(error));
  return failure;
}

describe('the credentials of a worker', () => {
  afterEach(() => closeTestClouds());

  it('are read from the file again when AWS refuses those that the worker has, without a restart', async () => {
    await withCredentialsFile(async (write, stateDir) => {
      await write(OLD);
      const first = await openTestCloud({ stateDir, credentials: OLD });
      const aws = new Aws(AWS_DEFAULTS, { endpoint: first.url });
      try {
        const { ec2, ssm } = aws.region('us-east-1');
        const Name = '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64';
        await ec2.send(new DescribeRegionsCommand({}));
        await ssm.send(new GetParameterCommand({ Name }));
        await first.close();
        const port = Number(new URL(first.url).port);
        await openTestCloud({ stateDir, credentials: NEW, port });
        // Both services, and both do so until the file has changed.
        const { next } = await refusal(ec2.send(new DescribeRegionsCommand({})));
        assert.match(next, /aws sts get-caller-identity/);
        assert.match(next, /correct ~\/\.aws\/credentials/);
        const { code } = await refusal(ssm.send(new GetParameterCommand({ Name })));
        assert.equal(code, 'UnrecognizedClientException');
        await write(NEW);
        await ec2.send(new DescribeRegionsCommand({}));
        await ssm.send(new GetParameterCommand({ Name }));
      } finally {
        aws.destroy();
      }
    });
  });

  it('may be missing at first, and are waited for', async () => {
    await withCredentialsFile(async (write, stateDir) => {
      const cloud = await openTestCloud({ stateDir, credentials: NEW });
      const aws = new Aws(AWS_DEFAULTS, { endpoint: cloud.url });
      try {
        const { ec2 } = aws.region('us-east-1');
        const { next } = await refusal(ec2.send(new DescribeRegionsCommand({})));
        assert.match(next, /finds no credentials.*AWS_PROFILE/);
        await write(NEW);
        await ec2.send(new DescribeRegionsCommand({}));
      } finally {
        aws.destroy();
      }
    });
  });

  it('are asked for once by all calls that wait for them', async () => {
    let asked = 0;
    const credentials = new RenewedCredentials(() => Promise.resolve({ ...OLD, count: ++asked }));
    await Promise.all([credentials.provider(), credentials.provider()]);
    await credentials.provider();
    assert.equal(asked, 1);
    credentials.refused(credentials.known);
    const renewed = await credentials.provider();
    assert.equal(asked, 2);
    // Calls that were signed with the old ones are refused later.
    credentials.refused({ ...OLD });
    assert.equal(await credentials.provider(), renewed);
  });

  it('are used to their end when STS is down while they are replaced', async () => {
    const soon = { ...OLD, expiration: new Date(Date.now() + 60_000) };
    let answer: () => Promise<AwsCredentialIdentity> = () => Promise.resolve(soon);
    const credentials = new RenewedCredentials(() => answer());
    await credentials.provider();
    answer = () => Promise.reject(Object.assign(new Error('down'), { name: 'ServiceUnavailable' }));
    assert.equal(await credentials.provider(), soon);
    credentials.refused(soon);
    const failure = await refusal(credentials.provider());
    assert.equal(failure.code, 'CredentialsProviderError');
    assert.match(failure.message, /ServiceUnavailable: down/);
  });
});
