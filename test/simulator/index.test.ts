/** The local cloud as other parts of the program start it. */

import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { DescribeRegionsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { chooseCredentials } from '../../src/simulator/credentials.js';
import { startSimulator } from '../../src/simulator/index.js';

describe('simulator: start', () => {
  let stateDir: string;
  beforeEach(async () => {
    stateDir = await fs.mkdtemp(path.join(os.tmpdir(), 'fedimg-start-'));
  });
  afterEach(() => fs.rm(stateDir, { recursive: true, force: true }));

  it('serves with the pair that it answers, and frees its port on close', async () => {
    const { url, credentials, close } = await startSimulator({ stateDir, latency: 'instant' });
    const client = new EC2Client({
      region: 'us-east-1',
      endpoint: url,
      credentials,
      maxAttempts: 1,
    });
    const { Regions: regions } = await client.send(new DescribeRegionsCommand({}));
    assert.equal(regions?.length, 17);
    await close();
    await assert.rejects(client.send(new DescribeRegionsCommand({})));
    client.destroy();
    const port = Number(new URL(url).port);
    const again = await startSimulator({ stateDir, port, latency: 'instant' });
    assert.equal(again.url, url);
    await again.close();
  });

  it('rejects when the port is taken, and closes what it opened', async () => {
    const first = await startSimulator({ stateDir });
    const other = path.join(stateDir, 'other');
    const port = Number(new URL(first.url).port);
    await assert.rejects(startSimulator({ stateDir: other, port }), { code: 'EADDRINUSE' });
    const second = await startSimulator({ stateDir: other });
    await second.close();
    await first.close();
  });

  it('takes the pair of the environment, or makes one', () => {
    assert.deepEqual(
      chooseCredentials({ AWS_ACCESS_KEY_ID: 'AKIA1', AWS_SECRET_ACCESS_KEY: 's' }),
      {
        accessKeyId: 'AKIA1',
        secretAccessKey: 's',
      },
    );
    const made = chooseCredentials({ AWS_ACCESS_KEY_ID: 'AKIA1' });
    assert.match(made.accessKeyId, /^AKIA[A-Z2-7]{16}$/);
    assert.notEqual(chooseCredentials({}).secretAccessKey, made.secretAccessKey);
  });
});
