/** Makes complete regions public: required regions first, and the home region last of them. */

import { proxyActivities } from '@temporalio/workflow';
import type { Activities, SnapshotSource } from '../../activities/activities.js';
import type { TestRecord } from '../../model/progress/progress.js';
import { settleAll } from '../../model/settle.js';
import { waiting } from '../profiles.js';
import { leaveOut } from './leave-out.js';
import type { Publication, RegionAmis } from './publication.js';
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
  const act = makePublic ? makeRegionPublic : keepRegionPrivate;
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
}

async function makeRegionPublic(
  publication: Publication,
  { regionPlan: { regionName }, amis }: RegionAmis,
  { source, tests }: TestedSource,
): Promise<void> {
  const { run, plan, undo } = publication;
  run.setRegion(regionName, { state: 'publishing' });
  undo.mayBePublic(regionName);
  try {
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
  } catch (failure) {
    leaveOut(publication, regionName, failure);
  }
}

/** Marks the AMIs as complete: when the run is closed, the sweep removes private AMIs without the mark. */
async function keepRegionPrivate(
  publication: Publication,
  { regionPlan: { regionName }, amis }: RegionAmis,
): Promise<void> {
  const { run, undo } = publication;
  try {
    await keepRegion.executeWithOptions({ summary: `keep private in ${regionName}` }, [
      { regionName, amis },
    ]);
    undo.keep(regionName);
    run.setRegion(regionName, { state: 'private' });
  } catch (failure) {
    leaveOut(publication, regionName, failure);
  }
}
