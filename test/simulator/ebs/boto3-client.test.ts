/** EBS direct APIs as boto3 sees them, which signs the blocks where the AWS SDK for JavaScript does not. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { pythonTools } from '../../support/python-tools.js';
import { closeTestClouds, openTestCloud, testCredentials } from '../cloud-fixture.js';

const run = promisify(execFile);

describe('EBS direct APIs: boto3', function () {
  let bin = '';
  before(async function () {
    this.timeout(300_000);
    try {
      bin = await pythonTools({ name: 'aws-tools-1', requirements: ['boto3', 'awscli'] });
    } catch (error) {
      const why = String(error).split('\n')[0] ?? '';
      console.error(`      skipped, because boto3 and awscli cannot be installed: ${why}`);
      this.skip();
    }
  });
  afterEach(closeTestClouds);

  it('writes, reads and compares snapshots as with AWS, errors and reasons included', async () => {
    const cloud = await openTestCloud();
    const script = fileURLToPath(new URL('boto3-client.py', import.meta.url));
    const { stdout } = await run(path.join(bin, 'python'), [script, cloud.url], {
      env: {
        PATH: process.env['PATH'],
        HOME: cloud.stateDir,
        AWS_ACCESS_KEY_ID: testCredentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: testCredentials.secretAccessKey,
        AWS_EC2_METADATA_DISABLED: 'true',
      },
    });
    assert.deepEqual(JSON.parse(stdout), {
      started: ['pending', 1, 524_288, [{ Key: 'k', Value: 'v' }]],
      same: true,
      conflict: ['ConflictException', null, 409],
      behind: ['ValidationException', 'INVALID_BLOCK', 400],
      pending: ['ValidationException', 'INVALID_SNAPSHOT_ID', 400],
      blocks: [2, 9],
      read: [true, true],
      sealed: ['ValidationException', 'INVALID_SNAPSHOT_ID', 400],
      missing: ['ResourceNotFoundException', 'SNAPSHOT_NOT_FOUND', 404],
      changed: [2],
    });
  });
});
