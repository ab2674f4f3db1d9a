/** A planned image on the local cloud, at the step that a test wants to begin with. */

import {
  CreateSnapshotCommand,
  CreateVolumeCommand,
  DeleteVolumeCommand,
} from '@aws-sdk/client-ec2';
import assert from 'node:assert/strict';
import type { Activities } from '../../src/activities/activities.js';
import type { SnapshotSource } from '../../src/activities/shapes/image.js';
import type { ImagePlan, RegisteredAmi } from '../../src/model/plan/plan.js';
import { snapshotTags } from '../../src/model/ids/tags.js';
import { variantKey } from '../../src/model/ids/variant.js';
import type { Effect } from '../../src/simulator/index.js';
import type { ActivityLevel } from './activity-level.js';
import type { InstancePlan } from './images.js';
import { withInstance } from './images.js';
import { until } from './until.js';

export const TWO_REGIONS = { publish: ['regions = ["us-east-1", "eu-west-1"]'] };
const RAW_SHA256 = 'b'.repeat(64);

export async function planOf({ activities, request }: ActivityLevel): Promise<InstancePlan> {
  const ids = { workflowId: 'image/one', runId: 'run-one' };
  return withInstance(await activities.planImage({ request, ...ids }));
}

/** A snapshot as the write step leaves it, but of a blank volume: there without an instance. */
export async function snapshotOf(level: ActivityLevel, plan: ImagePlan): Promise<SnapshotSource> {
  const { ec2 } = level.aws.region(plan.homeRegion);
  const { VolumeId } = await ec2.send(
    new CreateVolumeCommand({ AvailabilityZone: `${plan.homeRegion}a`, Size: 1 }),
  );
  const isThere = async () =>
    (await level.resources('volume')).some(({ state }) => state === 'available');
  await until('the volume', isThere);
  const tags = snapshotTags(plan.origin, 'snapshot', RAW_SHA256);
  const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  const { SnapshotId } = await ec2.send(
    new CreateSnapshotCommand({
      VolumeId,
      TagSpecifications: [{ ResourceType: 'snapshot', Tags }],
    }),
  );
  assert(SnapshotId, 'no SnapshotId');
  await until('the snapshot', async () =>
    (await level.resources('snapshot')).every(({ state }) => state === 'completed'),
  );
  await ec2.send(new DeleteVolumeCommand({ VolumeId }));
  return { regionName: plan.homeRegion, snapshot: SnapshotId, rawSha256: RAW_SHA256 };
}

export function launch(activities: Activities, plan: ImagePlan, generation = 0) {
  const { origin, utility, homeRegion: regionName } = withInstance(plan);
  return activities.launchUtilityInstance({ origin, regionName, utility, generation });
}

export function register(activities: Activities, plan: ImagePlan, source: SnapshotSource) {
  const { origin, arch, registration, home } = plan;
  const { snapshot, rawSha256 } = source;
  return activities.registerImages({
    origin,
    arch,
    registration,
    regionPlan: home,
    snapshot,
    rawSha256,
  });
}

export function copy(activities: Activities, plan: ImagePlan, source: SnapshotSource) {
  const { origin, arch, registration, copies } = plan;
  const [region] = copies;
  assert(region, 'no region');
  return activities.copyToRegion({ origin, arch, registration, regionPlan: region, source });
}

export function publish(
  activities: Activities,
  plan: ImagePlan,
  amis: readonly RegisteredAmi[],
): Promise<void> {
  const { origin, test } = plan;
  return activities.publishRegion({
    origin,
    regionName: amis[0]?.regionName ?? plan.homeRegion,
    amis,
    rawSha256: RAW_SHA256,
    variantsToTest: test.variants,
    tests: test.variants.map((variant) => ({ variant: variantKey(variant), exitStatus: 0 })),
  });
}

/** Every call that the cloud has seen, with its parameters, in order. */
export function effectsOf({ cloud }: Pick<ActivityLevel, 'cloud'>): Promise<Effect[]> {
  return cloud.effects();
}
