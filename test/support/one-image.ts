/** One image of a small compose, and what the local cloud did for it. */

import assert from 'node:assert/strict';
import type { SampleImage } from '../../src/local/compose-server/sample-compose.js';
import type { ImageRequest } from '../../src/model/plan/plan.js';
import type { LocalPublisher } from './local-publisher.js';

export interface OneImage {
  readonly image: SampleImage;
  readonly request: ImageRequest;
  /** Of the image on its server. */
  readonly path: string;
}

export async function oneImage(
  publisher: LocalPublisher,
  options: Parameters<LocalPublisher['compose']>[0] = {},
): Promise<OneImage> {
  const compose = await publisher.compose({ ...options, architectures: ['x86_64'] });
  const [image] = compose.images;
  assert(image, 'no image');
  const request = {
    composeId: compose.composeId,
    release: '43',
    image: { ...image, arch: 'x86_64' as const },
  };
  return { image, request, path: new URL(image.url).pathname };
}

/** Launches for an x86_64 image: the utility instance, and a test instance for each virtualization type. */
export const INSTANCES_PER_IMAGE = 3;

/** How often an action was called so far, whatever came of it; in one region, or in all. */
export async function callCount(
  publisher: LocalPublisher,
  action: string,
  regionName?: string,
): Promise<number> {
  const calls = await publisher.calls();
  return calls
    .filter((call) => call.action === action && (regionName ?? call.region) === call.region)
    .reduce((sum, { count }) => sum + count, 0);
}

/** One snapshot a region, one AMI a name and region, all of them public, and no machine. */
export async function assertPublishedOnce(
  publisher: LocalPublisher,
  regions: readonly string[],
): Promise<void> {
  const alive = await publisher.resources();
  const machines = alive.filter(({ type }) => type === 'instance' || type === 'volume');
  assert.deepEqual(machines, []);
  const snapshots = alive.filter(({ type }) => type === 'snapshot').map(({ region }) => region);
  assert.deepEqual(snapshots.sort(), [...regions].sort(), 'one snapshot a region');
  const names = alive
    .filter(({ type }) => type === 'image')
    .map(({ region, tags }) => `${region} ${tags['Name']}`);
  assert(names.length > 0, 'no name');
  assert.equal(new Set(names).size, names.length, names.join('\n'));
  assert(
    alive.every((resource) => resource.public),
    JSON.stringify(alive),
  );
}

/** How many launches EC2 has carried out. */
export async function launchCount(publisher: LocalPublisher): Promise<number> {
  const launches = (await publisher.calls()).filter(
    ({ action, result }) => action === 'RunInstances' && result === 'ok',
  );
  return launches.reduce((sum, { count }) => sum + count, 0);
}
