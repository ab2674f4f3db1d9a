/** EBS direct APIs as coldsnap sees them: `npm run coldsnap`. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { TestCloud } from '../cloud-fixture.js';
import { closeTestClouds, openTestCloud, snapshotOf, testCredentials } from '../cloud-fixture.js';
import { coldsnapProgram } from './coldsnap.js';
import { blockBytes, closeEbsClients, ebsOf, indexesOf } from './support.js';

const run = promisify(execFile);
const gibibyte = 1024 ** 3;

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

describe('EBS direct APIs: coldsnap', function () {
  this.timeout(300_000);
  let program = '';
  let cloud: TestCloud;
  let disk = '';

  before(async function () {
    this.timeout(3_700_000);
    try {
      program = await coldsnapProgram();
    } catch (error) {
      const why = String(error).split('\n')[0] ?? '';
      console.error(`      skipped, because coldsnap cannot be built: ${why}`);
      this.skip();
    }
  });

  beforeEach(async () => {
    cloud = await openTestCloud({ latency: 'fast', settings: { throttling: true } });
    disk = path.join(cloud.stateDir, 'disk.raw');
    const handle = await fs.open(disk, 'w');
    await handle.write(randomBytes(3 * blockBytes), 0, 3 * blockBytes, 0);
    await handle.write(randomBytes(2 * blockBytes), 0, 2 * blockBytes, 90 * blockBytes + 4096);
    // Not a multiple of a block: coldsnap fills the last one up with zeros.
    await handle.truncate(100 * blockBytes + 12_345);
    await handle.close();
  });

  afterEach(async () => {
    closeEbsClients();
    await closeTestClouds();
  });

  /** Answers stdout; the endpoint comes from the environment, as for every AWS SDK. */
  async function coldsnap(...words: string[]): Promise<string> {
    const { stdout } = await run(program, words, {
      env: {
        PATH: process.env['PATH'],
        HOME: cloud.stateDir,
        AWS_ENDPOINT_URL: cloud.url,
        AWS_ACCESS_KEY_ID: testCredentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: testCredentials.secretAccessKey,
        AWS_REGION: 'us-east-1',
        AWS_EC2_METADATA_DISABLED: 'true',
      },
    });
    return stdout.trim();
  }

  async function assertSameBytes(snapshot: string): Promise<void> {
    const copy = path.join(cloud.stateDir, 'copy.raw');
    await coldsnap('download', '--no-progress', snapshot, copy);
    assert.equal((await fs.stat(copy)).size, gibibyte);
    await fs.truncate(disk, gibibyte);
    assert.equal(await sha256Of(copy), await sha256Of(disk));
    const kept = `${cloud.stateDir}/snapshots/${snapshot}.img`;
    assert.equal(await sha256Of(kept), await sha256Of(disk));
  }

  it('uploads a disk, waits for it and downloads the same bytes', async () => {
    const tag = 'Key=Name,Value=from coldsnap';
    const upload = ['upload', '--no-progress', '--wait', '--tag', tag];
    const snapshot = await coldsnap(...upload, disk);
    const { State: state, Tags: tags } = await snapshotOf(cloud.client(), snapshot);
    assert.equal(state, 'completed');
    assert.deepEqual(tags, [{ Key: 'Name', Value: 'from coldsnap' }]);
    assert.equal((await indexesOf(ebsOf(cloud), snapshot)).length, 101);
    await assertSameBytes(snapshot);
  });

  it('leaves out blocks of zeros where it is asked to', async () => {
    const upload = ['upload', '--no-progress', '--wait', '--omit-zero-blocks'];
    const snapshot = await coldsnap(...upload, disk);
    assert.deepEqual(await indexesOf(ebsOf(cloud), snapshot), [0, 1, 2, 90, 91, 92]);
    await assertSameBytes(snapshot);
  });
});
