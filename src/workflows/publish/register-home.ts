/** The home region's AMIs. The instance of the first test starts while EC2 still makes the AMIs that are not tested. */

import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../../activities/activities.js';
import type { InstanceRef, SnapshotSource } from '../../activities/shapes/image.js';
import { variantKey } from '../../model/ids/variant.js';
import type { RegionPlan, RegisteredAmi, WantedAmi } from '../../model/plan/plan.js';
import { settleAll } from '../../model/settle.js';
import { waiting } from '../profiles.js';
import type { Publication } from './publication.js';
import type { RegionAmis } from './region-amis.js';
import { launchFirstTest } from './test-instance.js';

const { registerImages } = proxyActivities<Pick<Activities, 'registerImages'>>(waiting);

export interface HomeToTest {
  readonly home: RegionAmis;
  /** The instance of the first test; undefined when EC2 lost it. */
  readonly launched: Promise<InstanceRef | undefined>;
}

/** All AMIs of the home region, by one activity. */
export async function registerHome(
  publication: Publication,
  source: SnapshotSource,
): Promise<RegionAmis> {
  const { undo, plan } = publication;
  const { regionName, wanted } = plan.home;
  undo.register(regionName, 'register');
  return registered(publication, await registerSome(publication, source, wanted));
}

/** The tested AMIs by an activity of their own. The steps go on before the instance is launched. */
export async function registerAndLaunch(
  publication: Publication,
  source: SnapshotSource,
): Promise<HomeToTest> {
  const { run, undo, plan, late } = publication;
  const { home: regionPlan } = plan;
  const keys = plan.test.variants.map(variantKey);
  const isTested = ({ variant }: WantedAmi) => keys.includes(variantKey(variant));
  undo.register(regionPlan.regionName, 'register');
  const tested = registerSome(publication, source, regionPlan.wanted.filter(isTested));
  const others = registerSome(
    publication,
    source,
    regionPlan.wanted.filter((want) => !isTested(want)),
  );
  // The next step reports a failed launch.
  const launched = late.run(async () => {
    const amis = await tested;
    // The instance belongs to the next step, which a paused run does not begin.
    await run.operator.resumed('retire');
    return launchFirstTest(publication, { regionPlan, amis });
  });
  const amis = inOrder(regionPlan, (await settleAll([tested, others])).flat());
  return { home: registered(publication, amis), launched };
}

async function registerSome(
  { plan }: Publication,
  { snapshot, rawSha256 }: SnapshotSource,
  wanted: readonly WantedAmi[],
): Promise<RegisteredAmi[]> {
  if (wanted.length === 0) return [];
  const { origin, arch, registration, home } = plan;
  const summary = `${wanted.length} AMIs from ${snapshot} in ${home.regionName}`;
  const regionPlan = { ...home, wanted };
  return registerImages.executeWithOptions({ summary }, [
    { origin, arch, registration, regionPlan, snapshot, rawSha256 },
  ]);
}

function inOrder({ wanted }: RegionPlan, amis: readonly RegisteredAmi[]): RegisteredAmi[] {
  return wanted.flatMap(({ name }) => amis.find((ami) => ami.name === name) ?? []);
}

function registered({ run, plan }: Publication, amis: readonly RegisteredAmi[]): RegionAmis {
  const { home: regionPlan } = plan;
  run.setRegion(regionPlan.regionName, { state: 'copied', amis });
  return { regionPlan, amis };
}
