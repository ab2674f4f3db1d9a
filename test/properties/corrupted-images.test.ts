import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import {
  AttachVolumeCommand,
  CreateVolumeCommand,
  DescribeInstancesCommand,
} from '@aws-sdk/client-ec2';
import type { ApplicationFailure } from '@temporalio/common';
import type { UtilityInstance } from '../../src/activities/shapes/image.js';
import { deleteVolume, detachVolume } from '../../src/aws/volumes.js';
import type { FailureDetails } from '../../src/model/errors.js';
import type { ImagePlan, ImageRequest } from '../../src/model/plan/plan.js';
import type { ActivityLevel } from '../support/activity-level.js';
import { withActivities } from '../support/activity-level.js';
import { until } from '../support/until.js';
import { corruptions, goodImage, type Corruption, type GoodImage } from './corruption.js';
import { withInstance } from '../support/images.js';

/** What is known of an image when it is published. */
const MODES = ['compose', 'by hand', 'by hand, no ranges'] as const;
type Mode = (typeof MODES)[number];

/** All 1,024, each in every mode; by default 32, each in one of them. */
const ALL = process.env['FEDIMG_CORRUPT'] === 'all';
const REGION = 'us-east-1';
/** So many at once: they wait for the most part. */
const DEVICES = ['g', 'h', 'i', 'j', 'k', 'l', 'm', 'n'].map((letter) => `/dev/sd${letter}`);

interface Verdict {
  readonly mode: Mode;
  readonly corruption: Corruption;
  /** Where it was caught and as what; `identical` when its bytes are those of the good image. */
  readonly caught: string;
}

class Bench {
  readonly #level: ActivityLevel;
  readonly #image: GoodImage;
  readonly #utility: UtilityInstance;
  readonly #plan: ImagePlan;
  readonly #zone: string;

  private constructor(parts: {
    level: ActivityLevel;
    image: GoodImage;
    utility: UtilityInstance;
    plan: ImagePlan;
    zone: string;
  }) {
    this.#level = parts.level;
    this.#image = parts.image;
    this.#utility = parts.utility;
    this.#plan = parts.plan;
    this.#zone = parts.zone;
  }

  /** One utility instance for all of them, as each run has one of its own. */
  static async open(level: ActivityLevel, image: GoodImage): Promise<Bench> {
    const run = { workflowId: 'image/corrupted', runId: 'corrupted' };
    const plan = await level.activities.planImage({ request: level.request, ...run });
    const { origin, utility } = withInstance(plan);
    const launched = await level.activities.launchUtilityInstance({
      origin,
      regionName: REGION,
      utility,
      generation: 0,
    });
    const { Reservations } = await level.aws
      .region(REGION)
      .ec2.send(new DescribeInstancesCommand({ InstanceIds: [launched.instanceId] }));
    const zone = Reservations?.[0]?.Instances?.[0]?.Placement?.AvailabilityZone;
    assert(zone, 'no zone');
    return new Bench({ level, image, utility: launched, plan, zone });
  }

  /** From the plan to the snapshot, as far as it comes. */
  async publish(corruption: Corruption, mode: Mode, device: string, name: string): Promise<string> {
    const { bytes } = corruption;
    const path = `/${name}.raw.xz`;
    this.#level.server.setFault(path, { body: bytes });
    try {
      const planned = await this.#planned(`${this.#level.server.url}${path}`, mode, name);
      return await this.#written(planned, device);
    } catch (error) {
      const details = (error as ApplicationFailure).details?.[0] as FailureDetails | undefined;
      assert(details !== undefined && details.class === 'refused', String(error));
      const { message } = error as Error;
      assert(message.length > 20 && details.next.length > 20, 'it says what, why and what to do');
      return details.code;
    } finally {
      this.#level.server.setFault(path, undefined);
    }
  }

  async #planned(
    url: string,
    mode: Mode,
    name: string,
  ): Promise<Pick<ImagePlan, 'downloadUrl' | 'sha256' | 'rawSizeBytes' | 'compressedSizeBytes'>> {
    // What the plan makes of a server that answers no range requests.
    if (mode === 'by hand, no ranges') {
      return {
        downloadUrl: url,
        sha256: undefined,
        rawSizeBytes: undefined,
        compressedSizeBytes: undefined,
      };
    }
    const known =
      mode === 'compose'
        ? { sha256: this.#image.sha256, sizeBytes: this.#image.compressed.length }
        : { sha256: '', sizeBytes: 0 };
    const image: ImageRequest['image'] = { ...this.#level.request.image, url, name, ...known };
    const request = { ...this.#level.request, image };
    return this.#level.activities.planImage({ request, workflowId: `image/${name}`, runId: name });
  }

  async #written(
    planned: Pick<ImagePlan, 'downloadUrl' | 'sha256' | 'rawSizeBytes' | 'compressedSizeBytes'>,
    device: string,
  ): Promise<string> {
    const { downloadUrl: url, sha256, rawSizeBytes, compressedSizeBytes } = planned;
    const sizes = { sha256, rawSizeBytes, compressedSizeBytes };
    const { origin } = this.#plan;
    const utility = { ...this.#utility, volumeId: await this.#blankVolume(device) };
    const { activities, aws } = this.#level;
    try {
      const input = { origin, utility, url, ...sizes, minRateBytesPerSecond: 0 };
      const written = await activities.writeImage(input);
      const { rawSha256 } = written;
      const source = await activities.snapshotVolume({ origin, utility, rawSha256 });
      assert.equal(rawSha256, this.#image.rawSha256, 'other bytes reached a snapshot');
      assert.equal(written.rawSizeBytes, this.#image.raw.length);
      await this.#assertSnapshotHolds(source.snapshot);
      return 'identical';
    } finally {
      const ec2 = aws.region(REGION);
      const { signal } = new AbortController();
      // A call that no answer came to on a busy machine is made again, as Temporal would.
      await until('the volume is gone', async () => {
        await detachVolume(ec2, utility.volumeId, signal).catch(() => undefined);
        return deleteVolume(ec2, utility.volumeId, signal).then(
          () => true,
          () => false,
        );
      });
    }
  }

  async #blankVolume(device: string): Promise<string> {
    const { ec2 } = this.#level.aws.region(REGION);
    const { VolumeId } = await ec2.send(
      new CreateVolumeCommand({ AvailabilityZone: this.#zone, Size: this.#utility.volumeSizeGiB }),
    );
    assert(VolumeId, 'no VolumeId');
    for (;;) {
      try {
        const { instanceId } = this.#utility;
        await ec2.send(
          new AttachVolumeCommand({ VolumeId, InstanceId: instanceId, Device: device }),
        );
        return VolumeId;
      } catch (error) {
        // The one before it is still on its way out.
        if (!/available|in use/.test(String(error))) throw error;
        await delay(20);
      }
    }
  }

  async #assertSnapshotHolds(snapshot: string): Promise<void> {
    const { raw } = this.#image;
    const answer = await this.#level.cloud.snapshotBytes(REGION, snapshot, raw.length);
    const chunks: Uint8Array[] = [];
    let length = 0;
    assert(answer.body, 'no body');
    for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= raw.length) break;
    }
    assert(
      Buffer.concat(chunks).subarray(0, raw.length).equals(raw),
      'the snapshot holds the image',
    );
  }
}

async function publishAll(
  bench: Bench,
  jobs: readonly Omit<Verdict, 'caught'>[],
): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  let next = 0;
  await Promise.all(
    DEVICES.map(async (device) => {
      for (;;) {
        const number = next;
        const job = jobs[number];
        next += 1;
        if (job === undefined) return;
        const caught = await bench.publish(job.corruption, job.mode, device, `corrupted-${number}`);
        verdicts.push({ ...job, caught });
      }
    }),
  );
  return verdicts;
}

/** `compose flip: checksum-mismatch 240, XZ_CORRUPT 16` */
function table(verdicts: readonly Verdict[]): string {
  const rows = new Map<string, Map<string, number>>();
  for (const { mode, corruption, caught } of verdicts) {
    const key = `${mode} ${corruption.way}`;
    const row = rows.get(key) ?? new Map<string, number>();
    rows.set(key, row.set(caught, (row.get(caught) ?? 0) + 1));
  }
  const lines = [...rows].map(
    ([key, row]) => `${key}: ${[...row].map(([caught, count]) => `${caught} ${count}`).join(', ')}`,
  );
  return lines.sort().join('\n');
}

describe('a corrupted image', () => {
  it(`never reaches a snapshot, wherever it is corrupted (${ALL ? 'all 1,024, three ways to publish' : '32'})`, async function () {
    this.timeout(ALL ? 3 * 3600_000 : 900_000);
    await withActivities({ publish: [`regions = ["${REGION}"]`] }, async (level) => {
      const image = goodImage();
      const all = corruptions(image, ALL ? 1 : 32);
      assert(
        all.every(({ bytes }) => !bytes.equals(image.compressed)),
        'each is another file',
      );
      const jobs = all.flatMap((corruption, index) =>
        MODES.filter((_, mode) => ALL || mode === index % MODES.length).map((mode) => ({
          corruption,
          mode,
        })),
      );
      const bench = await Bench.open(level, image);
      const verdicts = await publishAll(bench, jobs);
      if (ALL) console.log(table(verdicts));
      assert.equal(verdicts.length, jobs.length);
      const passed = verdicts.filter(({ caught }) => caught === 'identical');
      // Changed padding leaves all bytes of the image as they were, and only a hash of the file shows it.
      const harmful = passed.filter(
        ({ mode, corruption }) => mode === 'compose' || !corruption.isPadding,
      );
      assert.deepEqual(harmful, []);
      assert.equal(await level.calls('CreateSnapshot'), passed.length);
      assert.equal(await level.calls('RegisterImage'), 0);
    });
  });

  it('without a check in the file is refused when its hash is not given', async () => {
    await withActivities({ publish: [`regions = ["${REGION}"]`] }, async (level) => {
      const image = goodImage('none');
      const bench = await Bench.open(level, image);
      const unharmed = {
        way: 'flip',
        position: 0,
        bytes: image.compressed,
        isPadding: false,
      } as const;
      const jobs = MODES.map((mode) => ({ mode, corruption: unharmed }));
      const verdicts = await publishAll(bench, jobs);
      const caughtOf = (mode: Mode) => verdicts.find((one) => one.mode === mode)?.caught;
      assert.equal(caughtOf('compose'), 'identical');
      assert.equal(caughtOf('by hand'), 'no-integrity-check');
      assert.equal(caughtOf('by hand, no ranges'), 'no-integrity-check');
    });
  });
});
