/** Compares the bytes of the local cloud's snapshots with the images that they were made from. */

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { AmiRecord } from '../model/progress/progress.js';

export interface ExpectedImage {
  readonly name: string;
  readonly rawSha256: string;
  readonly rawSizeBytes: number;
}

/** One download hashes while another reads. */
const DOWNLOADS_MAX = 2;

export interface SnapshotCheck {
  readonly compared: number;
  /** One line for each snapshot whose bytes are not the image's. */
  readonly wrong: readonly string[];
}

interface WantedSnapshot {
  readonly where: string;
  readonly url: string;
  readonly image: ExpectedImage;
}

/**
 * Reads the snapshots of all regions to their ends: the image's bytes, then zeros. Copies with the same
 * ETag are one file of the local cloud and are read once.
 */
export async function compareSnapshots(
  simulatorUrl: string,
  amis: readonly AmiRecord[],
  images: readonly ExpectedImage[],
): Promise<SnapshotCheck> {
  const wanted = new Map<string, WantedSnapshot>();
  const wrong: string[] = [];
  for (const { region, snapshot, image: name } of amis) {
    const image = images.find((one) => one.name === name);
    if (image === undefined) wrong.push(`${region}: the image ${name} is unknown`);
    else if (snapshot !== null) {
      const url = `${simulatorUrl}/_fedimg/snapshots/${region}/${snapshot}`;
      wanted.set(url, { where: `${region} ${snapshot}`, url, image });
    }
  }
  const files = new Map<string, Promise<string | undefined>>();
  const compareOnce = async ({ url, image }: WantedSnapshot): Promise<string | undefined> => {
    const key = `${image.name} ${(await entityTag(url)) ?? url}`;
    const reading = files.get(key) ?? compareBytes(url, image);
    files.set(key, reading);
    return reading;
  };
  const queue = [...wanted.values()];
  const readers = Array.from({ length: DOWNLOADS_MAX }, async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const problem = await compareOnce(next);
      if (problem !== undefined) wrong.push(`${next.where}: ${problem}`);
    }
  });
  await Promise.all(readers);
  return { compared: wanted.size, wrong };
}

/** Undefined when the server sends no ETag: then each snapshot is read. */
async function entityTag(url: string): Promise<string | undefined> {
  const response = await fetch(url, { method: 'HEAD' });
  return response.headers.get('etag') ?? undefined;
}

const ZEROS = Buffer.alloc(1024 * 1024);

async function compareBytes(url: string, image: ExpectedImage): Promise<string | undefined> {
  const [response] = (await once(get(url), 'response')) as [IncomingMessage];
  if (response.statusCode !== 200) {
    response.resume();
    return `its bytes cannot be read (HTTP ${response.statusCode})`;
  }
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    const ofImage = chunk.subarray(0, Math.max(0, image.rawSizeBytes - bytes));
    if (ofImage.length > 0) hash.update(ofImage);
    const rest = chunk.subarray(ofImage.length);
    bytes += chunk.length;
    if (!rest.equals(ZEROS.subarray(0, rest.length))) {
      return `is not zero behind the image's ${image.rawSizeBytes} bytes`;
    }
  }
  if (bytes < image.rawSizeBytes) return `has ${bytes} bytes, the image ${image.rawSizeBytes}`;
  const sha256 = hash.digest('hex');
  return sha256 === image.rawSha256
    ? undefined
    : `sha256 is ${sha256}, the image's ${image.rawSha256}`;
}
