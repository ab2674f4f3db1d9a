/** Boots the AMIs that the configuration names and runs the script on each; the first failure is final. */

import { CancellationScope, log, proxyActivities } from '@temporalio/workflow';
import type { Activities, InstanceRef } from '../../activities/activities.js';
import { testAnnouncement } from '../../model/progress/announcement.js';
import type { RegisteredAmi } from '../../model/plan/plan.js';
import type { TestRecord } from '../../model/progress/progress.js';
import { variantKey } from '../../model/ids/variant.js';
import { failureDetails, failureReason, isLost } from '../failure-reason.js';
import { following, waiting } from '../profiles.js';
import type { Publication } from './publication.js';

const { launchTestInstance, terminateInstance } =
  proxyActivities<Pick<Activities, 'launchTestInstance' | 'terminateInstance'>>(waiting);
const { runTest } = proxyActivities<Pick<Activities, 'runTest'>>(following);

/** An instance that EC2 loses, or whose agent is silent, says nothing of the image; a second one in a row does. */
const TEST_GENERATIONS_MAX = 2;

/** The AMIs to test, in the configured order. */
export function testedAmis({ run }: Publication): readonly RegisteredAmi[] {
  const { amis } = run.regionProgress(run.plan.homeRegion);
  const wanted = run.plan.test.variants.map(variantKey);
  return amis.filter((ami) => wanted.includes(variantKey(ami.variant)));
}

/** Launches the first test instance while the utility instance goes away. */
export async function launchTest(publication: Publication): Promise<void> {
  const [first] = testedAmis(publication);
  if (first === undefined) return;
  try {
    await launch(publication, first, 0);
  } catch (failure) {
    // The test itself launches another one.
    if (!isLost(failure)) throw failure;
  }
}

export async function runTests(publication: Publication): Promise<void> {
  for (const ami of testedAmis(publication)) {
    publication.run.tests.push(await testAmi(publication, ami));
  }
}

async function testAmi(publication: Publication, ami: RegisteredAmi): Promise<TestRecord> {
  const { run, announcements } = publication;
  announcements.add(testAnnouncement(run.plan, ami, 'started'));
  try {
    const record = await testOnLiveInstance(publication, ami);
    announcements.add(testAnnouncement(run.plan, ami, 'completed'));
    return record;
  } catch (failure) {
    const output = failureDetails(failure)?.output ?? '';
    announcements.add(testAnnouncement(run.plan, ami, 'failed', { output }));
    throw failure;
  }
}

async function testOnLiveInstance(
  publication: Publication,
  ami: RegisteredAmi,
): Promise<TestRecord> {
  const { origin, test, homeRegion } = publication.run.plan;
  const bound = test.timeoutSeconds * 1000 + 60 * 60_000;
  const bounds = { startToCloseTimeout: bound, scheduleToCloseTimeout: 2 * bound };
  for (let generation = 0; ; generation += 1) {
    try {
      const instance = await launch(publication, ami, generation);
      const summary = `test ${ami.ami} (${variantKey(ami.variant)}) on ${instance.instanceId}`;
      const record = await runTest.executeWithOptions({ ...bounds, summary }, [
        { origin, test, ami, instance },
      ]);
      publication.aside.push(terminate(instance));
      return record;
    } catch (failure) {
      if (!isLost(failure) || generation + 1 >= TEST_GENERATIONS_MAX) throw failure;
      // It may be stopped, or only deaf: it would outlive the run.
      await publication.undo?.clear(homeRegion, 'test');
    }
  }
}

/** Find-or-create: the instance that `retire` launched is taken up by `test`. */
async function launch(
  { run, undo }: Publication,
  ami: RegisteredAmi,
  generation: number,
): Promise<InstanceRef> {
  const { origin, arch, test, homeRegion } = run.plan;
  undo?.register(homeRegion, 'test');
  const summary = `test instance from ${ami.ami} (${variantKey(ami.variant)})`;
  return launchTestInstance.executeWithOptions({ summary }, [
    { origin, regionName: homeRegion, arch, test, ami, generation },
  ]);
}

/**
 * What a passed test says is not unsaid by an instance that will not go; its own timer ends it. A cancel at
 * the end, when what is public stays, does not spare it.
 */
async function terminate(instance: InstanceRef): Promise<void> {
  const summary = `terminate test instance ${instance.instanceId}`;
  try {
    await CancellationScope.nonCancellable(() =>
      terminateInstance.executeWithOptions({ summary }, [instance]),
    );
  } catch (failure) {
    log.error('a test instance is left behind', { ...instance, reason: failureReason(failure) });
  }
}
