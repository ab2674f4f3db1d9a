/** EBS direct APIs as boto3 sees them, which signs the blocks where the AWS SDK for JavaScript does not. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { useAwsTools } from '../../support/python-tools.js';
import { clientEnvironment, closeTestClouds, openTestCloud } from '../cloud-fixture.js';

const run = promisify(execFile);

describe('EBS direct APIs: boto3', () => {
  const bin = useAwsTools();
  afterEach(closeTestClouds);

  it('writes, reads and compares snapshots as with AWS, errors and reasons included', async () => {
    const cloud = await openTestCloud();
    const script = fileURLToPath(new URL('boto3-client.py', import.meta.url));
    const { stdout } = await run(path.join(bin(), 'python'), [script, cloud.url], {
      env: clientEnvironment(cloud),
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
