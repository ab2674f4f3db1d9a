/** Boots the AMIs that the configuration names and runs the test script on each; the first failure is final. */

import { CancellationScope, log, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../../activities/activities.js';
import type { InstanceRef } from '../../activities/shapes/image.js';
import { variantKey } from '../../model/ids/variant.js';
import type { RegisteredAmi, TestPlan } from '../../model/plan/plan.js';
import type { TestRecord } from '../../model/progress/test-record.js';
import { failureDetails, failureReason, isLost } from '../failure-reason.js';
import { following, testBounds, waiting } from '../profiles.js';
import type { Publication } from './publication.js';
import type { RegionAmis } from './region-amis.js';
import { isUntestable, leaveOutVirt } from './untested.js';

const { launchTestInstance, terminateInstance } =
  proxyActivities<Pick<Activities, 'launchTestInstance' | 'terminateInstance'>>(waiting);
const { runTest } = proxyActivities<Pick<Activities, 'runTest'>>(following);

/** EC2 may lose one instance, or its agent may stay silent. A second loss in a row is the image's failure. */
const INSTANCES_MAX = 2;

/** The agent was there and died, or the instance has shown no sign of user-data: the console would be as silent. */
const SILENT_ENDS = ['agent-dead', 'agent-missing'];

/** Launches the instance of the first test; undefined when EC2 lost it, and `runTests` launches it again. */
export async function launchFirstTest(
  publication: Publication,
  home: RegionAmis,
): Promise<InstanceRef | undefined> {
  const [first] = testedAmis(publication, home);
  if (first === undefined) return undefined;
  try {
    return await launch(publication, first, 0);
  } catch (failure) {
    if (!isLost(failure)) throw failure;
    return undefined;
  }
}

export interface Tested {
  readonly tests: readonly TestRecord[];
  /** The home region, without the AMIs of a virtualization type that could not be tested. */
  readonly home: RegionAmis;
}

/** `instance` is that of the first test, where there is one already. */
export async function runTests(
  publication: Publication,
  home: RegionAmis,
  instance: InstanceRef | undefined,
): Promise<Tested> {
  const tests: TestRecord[] = [];
  let rest = home;
  let launched = instance;
  for (const ami of testedAmis(publication, home)) {
    if (!rest.amis.includes(ami)) continue;
    try {
      tests.push(await testAmi(publication, ami, launched));
    } catch (failure) {
      if (!isUntestable(publication, rest, ami.variant, failure)) throw failure;
      rest = await leaveOutVirt(publication, rest, ami.variant, failure);
    }
    launched = undefined;
  }
  return { tests, home: rest };
}

/** The AMIs to test, in the order of registration. */
function testedAmis({ plan }: Publication, { amis }: RegionAmis): readonly RegisteredAmi[] {
  const wanted = plan.test.variants.map(variantKey);
  return amis.filter((ami) => wanted.includes(variantKey(ami.variant)));
}

async function testAmi(
  publication: Publication,
  ami: RegisteredAmi,
  launched: InstanceRef | undefined,
): Promise<TestRecord> {
  const { run } = publication;
  run.setTest(ami, { state: 'running' });
  try {
    const record = await testOnLiveInstance(publication, ami, launched);
    run.setTest(ami, { state: 'passed', record });
    return record;
  } catch (failure) {
    const output = failureDetails(failure)?.output ?? '';
    run.setTest(ami, { state: 'failed', output });
    throw failure;
  }
}

async function testOnLiveInstance(
  publication: Publication,
  ami: RegisteredAmi,
  launched: InstanceRef | undefined,
): Promise<TestRecord> {
  const { origin, homeRegion } = publication.plan;
  let { test } = publication.plan;
  let reason: string | undefined;
  let lost = 0;
  for (let generation = 0; ; generation += 1) {
    try {
      const isFirst = generation === 0 && launched !== undefined;
      const instance = isFirst ? launched : await launch(publication, ami, generation, test);
      const over = test.transport === 'console' ? ' over the console' : '';
      const summary = `test ${ami.ami} (${variantKey(ami.variant)}) on ${instance.instanceId}${over}`;
      const options = { summary, ...testBounds(test.timeoutSeconds) };
      const attempt = { number: lost + 1, of: INSTANCES_MAX };
      const record = await runTest.executeWithOptions(options, [
        { origin, test, ami, instance, attempt },
      ]);
      publication.aside(terminate(instance));
      return reason === undefined ? record : { ...record, transportReason: reason };
    } catch (failure) {
      lost += 1;
      if (goesToConsole(test, failure)) {
        test = { ...test, transport: 'console' };
        reason = failureReason(failure);
        lost = 0;
      } else if (!isLost(failure) || lost >= INSTANCES_MAX) throw failure;
      // The instance may be stopped, or run without an agent: it would outlive the run.
      await publication.undo.clear(homeRegion, 'test');
    }
  }
}

/** Whether another instance is to run the test without SSM: user-data runs there, but no agent registers. */
function goesToConsole({ transport, consoleRefusal }: TestPlan, failure: unknown): boolean {
  const code = failureDetails(failure)?.code ?? '';
  const isAgent = code.startsWith('agent-') && !SILENT_ENDS.includes(code);
  return transport === 'auto' && consoleRefusal === undefined && isAgent;
}

async function launch(
  { plan, undo }: Publication,
  ami: RegisteredAmi,
  generation: number,
  test = plan.test,
): Promise<InstanceRef> {
  const { origin, arch, homeRegion: regionName } = plan;
  undo.register(regionName, 'test');
  const summary = `test instance from ${ami.ami} (${variantKey(ami.variant)})`;
  return launchTestInstance.executeWithOptions({ summary }, [
    { origin, regionName, arch, test, ami, generation },
  ]);
}

/** A failed termination does not fail a passed test; the dead-man timer ends the instance. Not cancellable. */
async function terminate(instance: InstanceRef): Promise<void> {
  const summary = `terminate test instance ${instance.instanceId}`;
  try {
    await CancellationScope.nonCancellable(() =>
      terminateInstance.executeWithOptions({ summary }, [instance]),
    );
  } catch (failure) {
    log.error('a test instance was not terminated', {
      ...instance,
      reason: failureReason(failure),
    });
  }
}
