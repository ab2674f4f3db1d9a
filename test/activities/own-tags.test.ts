import assert from 'node:assert/strict';
import type { FailureDetails } from '../../src/model/errors.js';
import type { ApplicationFailure } from '@temporalio/common';
import { tagRoom, TAGS_PER_RESOURCE } from '../../src/model/ids/own-tags.js';
import { leftOutTags } from '../../src/model/plan/plan-tags.js';
import type { ActivityLevel } from '../support/activity-level.js';
import { withActivities } from '../support/activity-level.js';
import { copy, launch, planOf, register, TWO_REGIONS } from '../support/planned.js';

const CREATED = ['instance', 'volume', 'network-interface', 'snapshot', 'image'];
const RAW_SHA256 = 'b'.repeat(64);

/** What a policy of the organisation demands, of each type of resource. */
const demanded = (...keys: string[]) => ({
  account: { requiredTags: Object.fromEntries(CREATED.map((type) => [type, keys])) },
});

const OWN = ['CostCenter = "4711"', '"Image of" = "{release}/{arch}/{compose}/{region}"'];

/** All that a run creates, but for the test script. */
async function makeAll(level: ActivityLevel): Promise<void> {
  const { activities } = level;
  const plan = await planOf(level);
  const { origin, arch, test, homeRegion: regionName } = plan;
  const utility = await launch(activities, plan);
  const source = await activities.snapshotVolume({ origin, utility, rawSha256: RAW_SHA256 });
  const [ami] = await register(activities, plan, source);
  assert(ami, 'no ami');
  await activities.launchTestInstance({ origin, regionName, arch, test, ami, generation: 0 });
  await copy(activities, plan, source);
}

describe('an organisation that denies the creation of untagged resources', () => {
  it('denies none of ours: instance, volumes, interface, snapshots and AMIs are created with the tags', async () => {
    const options = { ...TWO_REGIONS, ...demanded('costcenter', 'Image of'), tags: OWN };
    await withActivities(options, async (level) => {
      await makeAll(level);
      const made = await level.resources();
      assert.deepEqual([...new Set(made.map(({ type }) => type))].sort(), [
        'image',
        'instance',
        'snapshot',
        'volume',
      ]);
      for (const { type, id, region, tags } of made) {
        const { CostCenter, 'Image of': image } = tags;
        assert.equal(CostCenter, '4711', `${type} ${id}`);
        assert.equal(image, `43/x86_64/${level.request.composeId}/${region}`, `${type} ${id}`);
      }
      assert.equal(await level.calls('CreateTags'), 0, 'every tag was there at the creation');
    });
  });

  it('is named as the reason, with the resource and the table of the configuration that mends it', async () => {
    await withActivities(TWO_REGIONS, async (level) => {
      const plan = await planOf(level);
      for (const type of ['instance', 'volume', 'network-interface']) {
        await level.cloud.changeSettings({ requiredTags: { [type]: ['CostCenter'] } });
        await assert.rejects(launch(level.activities, plan), (failure: ApplicationFailure) => {
          const [details] = (failure.details ?? []) as [FailureDetails];
          assert.match(failure.message, new RegExp(`ec2:RunInstances .*${type}/\\*`));
          assert.match(details.next, /service control policy.*\[tags\]/);
          return true;
        });
      }
    });
  });
});

describe('the tags of an AMI', () => {
  it('never are more than EC2 takes, however many the operator adds and regions are left out', async () => {
    const tags = Array.from({ length: 20 }, (_none, index) => `own${index} = "x"`);
    const options = { ...TWO_REGIONS, tags, test: ['variants = ["all"]'] };
    await withActivities(options, async (level) => {
      await makeAll(level);
      const plan = await planOf(level);
      const [image] = await level.resources('image');
      assert(image, 'no image');
      const tests = plan.test.variants.length;
      const noted = Array.from({ length: 40 }, (_none, index) => ({
        ...{ regionName: `eu-west-${index}`, variants: 'hvm-gp2', reason: 'x' },
      }));
      const room = tagRoom(plan.origin.ownTags, tests);
      const notes = Object.keys(leftOutTags(noted, room)).length;
      assert(notes > 0, 'the reason of at least one region has room');
      // Adopted, kept, and one for each test.
      const later = 2 + tests;
      assert(
        Object.keys(image.tags).length + later + notes <= TAGS_PER_RESOURCE,
        `${Object.keys(image.tags).length + later + notes}, ${TAGS_PER_RESOURCE}`,
      );
    });
  });

  it('are read once: an organisation that rewrites its own tag does not make the AMI a stranger', async () => {
    await withActivities({ ...TWO_REGIONS, tags: OWN }, async (level) => {
      const { activities } = level;
      const plan = await planOf(level);
      const { origin } = plan;
      const utility = await launch(activities, plan);
      const source = await activities.snapshotVolume({ origin, utility, rawSha256: RAW_SHA256 });
      const made = await register(activities, plan, source);
      const rewritten = { ...plan, origin: { ...origin, ownTags: { CostCenter: '4712' } } };
      assert.deepEqual(await register(activities, rewritten, source), made);
    });
  });
});
