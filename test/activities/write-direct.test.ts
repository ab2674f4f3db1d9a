/** The write without a utility instance, attempt by attempt, against the EBS direct APIs of the local cloud. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { open, readFile, truncate, writeFile } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Info } from '@temporalio/activity';
import type { WriteDirectInput, WrittenSnapshot } from '../../src/activities/shapes/image.js';
import type { FailureDetails } from '../../src/model/errors.js';
import type { ImagePlan } from '../../src/model/plan/plan.js';
import type { Heartbeat } from '../../src/model/progress/heartbeat.js';
import type { ActivityLevel, ActivityLevelOptions } from '../support/activity-level.js';
import { withActivities } from '../support/activity-level.js';

const run = promisify(execFile);

const REGION = 'us-east-1';
const DIRECT: ActivityLevelOptions = {
  publish: [`regions = ["${REGION}"]`],
  tables: ['[write]', 'strategy = "ebs-direct"'],
};
const SMALL = { utility: ['fallback_volume_size_gib = 1'], ranges: false };
const BLOCK_BYTES = 512 * 1024;

function planOf({ activities, request }: ActivityLevel): Promise<ImagePlan> {
  return activities.planImage({ request, workflowId: 'image/direct', runId: 'run-direct' });
}

function inputOf(plan: ImagePlan, overrides: Partial<WriteDirectInput> = {}): WriteDirectInput {
  const { origin, direct, downloadUrl: url, sha256, rawSizeBytes } = plan;
  assert(direct, 'the plan has no utility instance');
  assert.equal(plan.utility, undefined);
  return {
    ...{ origin, regionName: REGION, direct, generation: 0, url, sha256, rawSizeBytes },
    minRateBytesPerSecond: 0,
    ...overrides,
  };
}

interface Attempt {
  readonly result: Promise<WrittenSnapshot>;
  readonly heartbeats: readonly Heartbeat[];
}

function attempt(level: ActivityLevel, input: WriteDirectInput, info: Partial<Info> = {}): Attempt {
  const heartbeats: Heartbeat[] = [];
  const result = level.attempt('writeDirect', input, {
    info,
    onHeartbeat: (beat) => heartbeats.push(beat as Heartbeat),
  });
  return { result: result as Promise<WrittenSnapshot>, heartbeats };
}

async function detailsOf(result: Promise<unknown>): Promise<FailureDetails & { message: string }> {
  try {
    await result;
  } catch (error) {
    const { details, message } = error as { details: [FailureDetails]; message: string };
    return { ...details[0], message };
  }
  throw new assert.AssertionError({ message: 'it must fail' });
}

async function sha256Of(answer: Response, bytes: number): Promise<string> {
  const whole = Buffer.from(await answer.arrayBuffer());
  return createHash('sha256').update(whole.subarray(0, bytes)).digest('hex');
}

describe('a write without a utility instance', () => {
  it('makes one completed snapshot with the bytes of the image and its tags, and writes no blank block', async () => {
    await withActivities(DIRECT, async (level) => {
      const plan = await planOf(level);
      const written = await attempt(level, inputOf(plan)).result;
      assert.equal(written.rawSha256, level.image.rawSha256);
      assert.equal(written.sha256, level.image.sha256);
      assert.equal(written.rawSizeBytes, level.image.rawSizeBytes);
      const [snapshot, ...others] = await level.resources();
      assert(snapshot, 'no snapshot');
      assert.deepEqual(others, [], 'no instance and no volume');
      assert.equal(snapshot.state, 'completed');
      assert.equal(snapshot.tags['fedimg:raw-sha256'], level.image.rawSha256);
      assert.equal(snapshot.tags['fedimg:step'], 'snapshot');
      assert.equal(snapshot.tags['fedimg:state'], 'unfinished');
      const { rawSizeBytes, rawSha256 } = level.image;
      const bytes = await level.cloud.snapshotBytes(REGION, snapshot.id, rawSizeBytes);
      assert.equal(await sha256Of(bytes, rawSizeBytes), rawSha256);
      // No other block was written: what lies behind the image reads as zeros.
      assert.equal(await level.calls('PutSnapshotBlock'), await blocksWithData(level));
    });
  });

  it('puts only the missing blocks when its worker was killed in the middle', async () => {
    await withActivities(DIRECT, async (level) => {
      const input = inputOf(await planOf(level));
      await level.setFaults([
        { action: 'PutSnapshotBlock', kind: 'refusal', occurrence: 3, count: 0 },
      ]);
      const first = attempt(level, input);
      await detailsOf(first.result);
      await level.setFaults([]);
      const before = await level.calls('PutSnapshotBlock');
      const [snapshot] = await level.resources('snapshot');
      assert(snapshot, 'no snapshot');
      const direct = { snapshot: snapshot.id, through: 2 };
      const heartbeatDetails = { version: 1, kind: 'write', phase: 'write', bytes: 1, direct };
      const second = attempt(level, input, { attempt: 2, heartbeatDetails });
      const { rawSha256, snapshot: same } = await second.result;
      assert.equal(rawSha256, level.image.rawSha256);
      assert.equal(same, snapshot.id);
      assert.deepEqual(second.heartbeats[0]?.direct, direct, 'a third attempt would know it, too');
      assert.equal(await level.calls('StartSnapshot'), 1);
      const missing = await blocksWithData(level, direct.through);
      assert.equal((await level.calls('PutSnapshotBlock')) - before, missing);
      assert(missing < (await blocksWithData(level)), 'the test would show nothing');
    });
  });

  it('is read back, and not written again, when its worker was killed behind the completion', async () => {
    await withActivities(DIRECT, async (level) => {
      const input = inputOf(await planOf(level));
      await level.setFaults([{ action: 'ListSnapshotBlocks', kind: 'refusal', count: 1 }]);
      const first = attempt(level, input);
      await detailsOf(first.result);
      const puts = await level.calls('PutSnapshotBlock');
      const heartbeatDetails = first.heartbeats.at(-1);
      assert(heartbeatDetails?.direct?.streamed, 'no heartbeatDetails?.direct?.streamed');
      const bytes = level.server.requests(new URL(input.url).pathname).bytes;
      const second = attempt(level, input, { attempt: 2, heartbeatDetails });
      assert.equal((await second.result).rawSha256, level.image.rawSha256);
      assert.equal(await level.calls('PutSnapshotBlock'), puts);
      assert.equal(level.server.requests(new URL(input.url).pathname).bytes, bytes);
    });
  });

  it('is found by its token, and judged by its bytes, when its last heartbeat was lost', async () => {
    await withActivities(DIRECT, async (level) => {
      const input = inputOf(await planOf(level));
      const first = await attempt(level, input).result;
      const second = await attempt(level, input, { attempt: 2 }).result;
      assert.deepEqual(second, first);
      assert.equal((await level.resources('snapshot')).length, 1);
    });
  });

  it('begins with another snapshot when EBS has given this one up', async () => {
    await withActivities(DIRECT, async (level) => {
      const input = inputOf(await planOf(level));
      await level.setFaults([{ action: 'PutSnapshotBlock', kind: 'refusal', count: 0 }]);
      const first = attempt(level, input);
      await detailsOf(first.result);
      await level.setFaults([]);
      const { origin } = input;
      await level.activities.undoRegion({ origin, regionName: REGION, steps: ['snapshot'] });
      assert.deepEqual(await level.resources(), [], 'an incomplete snapshot is removed');
      const heartbeatDetails = first.heartbeats.at(-1);
      const again = await detailsOf(attempt(level, input, { attempt: 2, heartbeatDetails }).result);
      assert.equal(again.class, 'lost');
      const next = await attempt(level, { ...input, generation: 1 }).result;
      assert.equal(next.rawSha256, level.image.rawSha256);
    });
  });

  it('is refused when the snapshot reads back otherwise, and keeps no hash that would let it become public', async () => {
    await withActivities(DIRECT, async (level) => {
      const input = inputOf(await planOf(level));
      await level.setFaults([{ action: 'ListSnapshotBlocks', kind: 'refusal', count: 1 }]);
      const first = attempt(level, input);
      await detailsOf(first.result);
      const [snapshot] = await level.resources('snapshot');
      assert(snapshot, 'no snapshot');
      const disk = await open(
        join(level.directory, 'cloud', 'snapshots', `${snapshot.id}.img`),
        'r+',
      );
      await disk.write(Buffer.from('?'), 0, 1, 1000);
      await disk.close();
      const heartbeatDetails = first.heartbeats.at(-1);
      const second = attempt(level, input, { attempt: 2, heartbeatDetails });
      const { code, message } = await detailsOf(second.result);
      assert.equal(code, 'read-back', message);
      assert.match(message, /reads back with sha256 [0-9a-f]{64}; sha256 [0-9a-f]{64} was written/);
      const [after] = await level.resources('snapshot');
      assert.equal(after?.tags['fedimg:raw-sha256'], undefined);
    });
  });
});

/** How many blocks of the image have a byte that is not zero, from this index on. */
async function blocksWithData({ image }: ActivityLevel, from = 0): Promise<number> {
  const raw = await readFile(image.rawFile);
  const zeros = Buffer.alloc(BLOCK_BYTES);
  let count = 0;
  for (let at = from * BLOCK_BYTES; at < raw.length; at += BLOCK_BYTES) {
    if (!raw.subarray(at, at + BLOCK_BYTES).equals(zeros)) count += 1;
  }
  return count;
}

describe('a write without a utility instance refuses an image in the words of the instance', () => {
  async function refused(
    options: ActivityLevelOptions,
    spoil: (level: ActivityLevel) => Promise<Partial<WriteDirectInput>>,
    expected: { readonly code: string; readonly message: RegExp },
  ): Promise<void> {
    await withActivities({ ...DIRECT, ...options }, async (level) => {
      const input = inputOf(await planOf(level));
      const details = await detailsOf(attempt(level, { ...input, ...(await spoil(level)) }).result);
      assert.equal(details.code, expected.code, details.message);
      assert.match(details.message, expected.message);
      assert.equal(details.class, 'refused');
      const { origin } = input;
      await level.activities.undoRegion({ origin, regionName: REGION, steps: ['snapshot'] });
      assert.deepEqual(await level.resources(), []);
    });
  }

  async function recompress(level: ActivityLevel, command: string): Promise<string> {
    const { file } = level.image;
    await run('bash', ['-c', `${command} > '${file}.new' && mv '${file}.new' '${file}'`]);
    return createHash('sha256')
      .update(await readFile(file))
      .digest('hex');
  }

  it('with another checksum, though its bytes also are not xz', async () => {
    const wrong = 'f'.repeat(64);
    const spoil = async ({ image }: ActivityLevel) => {
      await writeFile(image.file, '<html>please log in</html>'.repeat(100));
      return { sha256: wrong };
    };
    await refused({}, spoil, {
      code: 'checksum-mismatch',
      message: new RegExp(`the file has sha256 [0-9a-f]{64}, wanted ${wrong}`),
    });
  });

  it('that is cut off', async () => {
    const spoil = async ({ image }: ActivityLevel) => {
      await truncate(image.file, Math.floor(image.sizeBytes / 2));
      return { sha256: undefined };
    };
    await refused({}, spoil, { code: 'corrupt-xz', message: /xz ended with status 1: xz: / });
  });

  it('that is a page', async () => {
    const spoil = async ({ image }: ActivityLevel) => {
      await writeFile(image.file, '<html>please log in</html>'.repeat(100));
      return { sha256: undefined };
    };
    await refused({}, spoil, {
      code: 'not-xz',
      message: /the file is not an xz file: it begins with 3c 68 74 6d 6c/,
    });
  });

  it('without an integrity check and without a checksum, also in its second stream', async () => {
    const spoil = async (level: ActivityLevel) => {
      await recompress(
        level,
        '{ head -c 1000000 /dev/zero | xz -0; head -c 1000000 /dev/zero | xz -0 --check=none; }',
      );
      return { sha256: undefined };
    };
    await refused(SMALL, spoil, { code: 'no-integrity-check', message: /no integrity check/ });
  });

  it('that is larger than its index said', async () => {
    await refused({}, ({ image }) => Promise.resolve({ rawSizeBytes: image.rawSizeBytes - 1 }), {
      code: 'larger-than-said',
      message: /the raw image is larger than the announced \d+ bytes/,
    });
  });

  it('that is shorter than its index said', async () => {
    await refused({}, ({ image }) => Promise.resolve({ rawSizeBytes: image.rawSizeBytes + 1 }), {
      code: 'shorter-than-said',
      message: /the raw image has \d+ bytes; its index says \d+/,
    });
  });

  it('that wants more memory than a worker may spend on it', async () => {
    const spoil = async (level: ActivityLevel) => ({
      rawSizeBytes: undefined,
      sha256: await recompress(level, 'head -c 1000 /dev/zero | xz --lzma2=dict=512MiB'),
    });
    await refused(SMALL, spoil, { code: 'xz-memory', message: /Memory usage limit reached/ });
  });
});
