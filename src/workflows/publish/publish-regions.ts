/** Makes complete regions public: required regions first, and the home region last of them. */

import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../../activities/activities.js';
import type { SnapshotSource } from '../../activities/shapes/image.js';
import type { TestRecord } from '../../model/progress/test-record.js';
import { settleAll } from '../../model/settle.js';
import { waiting } from '../profiles.js';
import { operated } from './held-region.js';
import type { Publication } from './publication.js';
import type { RegionAmis } from './region-amis.js';
import { failWithoutRequired } from './required-regions.js';

const { publishRegion, keepRegion } =
  proxyActivities<Pick<Activities, 'publishRegion' | 'keepRegion'>>(waiting);

/** The evidence without which no AMI becomes public: the bytes, and the tests that passed on them. */
export interface TestedSource {
  readonly source: SnapshotSource;
  readonly tests: readonly TestRecord[];
}

/**
 * A public home region is the sign that all required regions are public, so it comes after them. When a required
 * region fails, no other region is public yet.
 */
export async function makeRegionsPublic(
  publication: Publication,
  regions: readonly RegionAmis[],
  tested: TestedSource,
): Promise<void> {
  const { homeRegion, makePublic } = publication.plan;
  const act = settled(makePublic ? makeRegionPublic : keepRegionPrivate);
  const isHome = ({ regionPlan }: RegionAmis) => regionPlan.regionName === homeRegion;
  const isRequired = ({ regionPlan }: RegionAmis) => regionPlan.required;
  const waves = [
    regions.filter((region) => isRequired(region) && !isHome(region)),
    regions.filter(isHome),
    regions.filter((region) => !isRequired(region)),
  ];
  for (const wave of waves) {
    await settleAll(wave.map((region) => act(publication, region, tested)));
    failWithoutRequired(publication);
  }
  await publication.late.publishEach((region) => act(publication, region, tested));
}

type RegionAct = (
  publication: Publication,
  region: RegionAmis,
  tested: TestedSource,
) => Promise<void>;

/** Resolves also when the region is left out. A region that the operator has skipped since its copy stays as it is. */
function settled(act: RegionAct): RegionAct {
  return async (publication, region, tested) => {
    const { regionName } = region.regionPlan;
    if (publication.run.region(regionName).state !== 'copied') return;
    await operated(publication, regionName, () => act(publication, region, tested));
  };
}

async function makeRegionPublic(
  { run, plan, undo }: Publication,
  { regionPlan: { regionName }, amis }: RegionAmis,
  { source, tests }: TestedSource,
): Promise<void> {
  run.setRegion(regionName, { state: 'publishing' });
  undo.mayBePublic(regionName);
  await publishRegion.executeWithOptions({ summary: `make public in ${regionName}` }, [
    {
      origin: plan.origin,
      regionName,
      amis,
      rawSha256: source.rawSha256,
      variantsToTest: plan.test.variants,
      tests: tests.map(({ variant, exitStatus }) => ({ variant, exitStatus })),
    },
  ]);
  undo.keep(regionName);
  run.setRegion(regionName, { state: 'published' });
}

/** Marks the AMIs as complete: when the run is closed, the sweep removes private AMIs without the mark. */
async function keepRegionPrivate(
  { run, undo }: Publication,
  { regionPlan: { regionName }, amis }: RegionAmis,
): Promise<void> {
  await keepRegion.executeWithOptions({ summary: `keep private in ${regionName}` }, [
    { regionName, amis },
  ]);
  undo.keep(regionName);
  run.setRegion(regionName, { state: 'private' });
}
