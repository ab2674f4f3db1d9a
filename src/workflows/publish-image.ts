/** One image becomes public AMIs in every region: the eight steps, in their order. */

import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/activities.js';
import type { InstanceRef, SnapshotSource, UtilityInstance } from '../activities/shapes/image.js';
import type { PublishImageInput } from '../contract.js';
import type { Completion } from '../model/plan/completion.js';
import type { UtilityPlan } from '../model/plan/plan.js';
import type { ImageResult } from '../model/progress/progress.js';
import { isLost } from './failure-reason.js';
import { following, planning, waiting, writeBounds } from './profiles.js';
import { copyToAllRegions } from './publish/copy-regions.js';
import { showEarlier } from './publish/earlier-run.js';
import { failAndUndo, failUnplanned, finishPublished, finishUnchanged } from './publish/finish.js';
import { ImageRun } from './publish/image-run.js';
import { Publication } from './publish/publication.js';
import type { RegionAmis } from './publish/region-amis.js';
import { makeRegionsPublic } from './publish/publish-regions.js';
import type { TestedSource } from './publish/publish-regions.js';
import type { HomeToTest } from './publish/register-home.js';
import { registerAndLaunch, registerHome } from './publish/register-home.js';
import { runTests } from './publish/test-instance.js';
import type { Tested } from './publish/test-instance.js';
import { writeDirectly } from './publish/write-directly.js';

const { planImage } = proxyActivities<Pick<Activities, 'planImage'>>(planning);
const { launchUtilityInstance, snapshotVolume, terminateInstance } =
  proxyActivities<
    Pick<Activities, 'launchUtilityInstance' | 'snapshotVolume' | 'terminateInstance'>
  >(waiting);
const { writeImage } = proxyActivities<Pick<Activities, 'writeImage'>>(following);

interface Retired {
  /** Of the first test; undefined when EC2 lost it. */
  readonly instance: InstanceRef | undefined;
  /** Resolves at the end of the utility instance. */
  readonly ended: Promise<void>;
}

/** EC2 may lose two instances by chance. A third loss has another cause, so the run fails. */
const PAIRS_MAX = 3;

export async function publishImage(input: PublishImageInput): Promise<ImageResult> {
  const run = new ImageRun(input);
  await run.begin();
  const publication = await plan(run);
  const { published, completion } = publication.plan;
  if (published !== undefined && completion === undefined) return finishUnchanged(publication);
  try {
    if (completion !== undefined) return await complete(publication, completion);
    const { pair, source } = await withNewPair(publication, async (generation) => {
      const { direct, utility: wanted } = publication.plan;
      if (direct !== undefined) {
        return { pair: undefined, source: await writeDirectly(publication, direct, generation) };
      }
      if (wanted === undefined) throw new TypeError('a plan without a way to write');
      const pair = await utility(publication, wanted, generation);
      const source = await write(publication, wanted, pair);
      return { pair, source };
    });
    const registered = await register(publication, source);
    const retired = await retire(publication, pair, registered);
    const { home, tests } = await test(publication, registered.home, retired);
    const copies = await copy(publication, source);
    await publish(publication, [home, ...copies], { source, tests });
    return await finishPublished(publication);
  } catch (failure) {
    throw await failAndUndo(publication, failure);
  }
}

/** Adds the regions that an earlier run left out: from its tested snapshot, without a new write or test. */
async function complete(
  publication: Publication,
  { source, tests, regions }: Completion,
): Promise<ImageResult> {
  const { run, plan } = publication;
  const { homeRegion } = plan;
  showEarlier(publication);
  const register = () => registerHome(publication, source);
  const home = regions.includes(homeRegion) ? [await run.step('register', register)] : [];
  const copies = await copy(publication, source);
  await publish(publication, [...home, ...copies], { source, tests });
  return finishPublished(publication);
}

async function plan(run: ImageRun): Promise<Publication> {
  const { request, complete } = run.input;
  const { workflowId, runId } = run;
  const summary = `plan ${request.image.name}`;
  try {
    const frozen = await run.step('plan', () =>
      planImage.executeWithOptions({ summary }, [
        { request, workflowId, runId, ...(complete === undefined ? {} : { complete }) },
      ]),
    );
    return new Publication(run, frozen);
  } catch (failure) {
    throw await failUnplanned(run, failure);
  }
}

/** Begins again with a new instance and an empty volume when EC2 loses one: a half-written volume is not continued. */
async function withNewPair<T>(
  { plan: { homeRegion }, undo }: Publication,
  act: (generation: number) => Promise<T>,
): Promise<T> {
  for (let generation = 0; ; generation += 1) {
    try {
      return await act(generation);
    } catch (failure) {
      if (!isLost(failure) || generation + 1 >= PAIRS_MAX) throw failure;
      await undo.unwindRegion(homeRegion);
    }
  }
}

/** Launches the utility instance with a blank volume: the pair that the next step writes to. */
async function utility(
  publication: Publication,
  utility: UtilityPlan,
  generation: number,
): Promise<UtilityInstance> {
  const { run, plan, undo } = publication;
  const { origin, homeRegion: regionName } = plan;
  return run.step('utility', async () => {
    undo.register(regionName, 'utility');
    const summary = `utility instance in ${regionName}, ${utility.volumeSizeGiB} GiB volume`;
    return launchUtilityInstance.executeWithOptions({ summary }, [
      { origin, regionName, utility, generation },
    ]);
  });
}

/** Writes the image to the volume and reads it back, makes the snapshot, and destroys the volume. */
async function write(
  publication: Publication,
  { deadManMinutes }: UtilityPlan,
  pair: UtilityInstance,
): Promise<SnapshotSource> {
  const { run, plan, undo } = publication;
  const { origin, downloadUrl: url, sha256, homeRegion } = plan;
  const { rawSizeBytes, compressedSizeBytes, minRateBytesPerSecond } = plan;
  return run.step('write', async () => {
    const sizes = { rawSizeBytes, compressedSizeBytes, minRateBytesPerSecond };
    const written = await writeImage.executeWithOptions(
      {
        summary: `write ${origin.image} to ${pair.volumeId}`,
        ...writeBounds(deadManMinutes),
      },
      [{ origin, utility: pair, url, sha256, ...sizes }],
    );
    run.recordWritten(written);
    undo.register(homeRegion, 'snapshot');
    return snapshotVolume.executeWithOptions(
      { summary: `snapshot ${pair.volumeId}, then destroy it` },
      [{ origin, utility: pair, rawSha256: written.rawSha256 }],
    );
  });
}

/** Registers the home region's AMIs from the snapshot; the first test instance and early copies begin beside that. */
async function register(publication: Publication, source: SnapshotSource): Promise<HomeToTest> {
  return publication.run.step('register', () => {
    publication.early.begin(publication.plan, source);
    return registerAndLaunch(publication, source);
  });
}

/** Waits for the first test instance. The utility instance, where there is one, ends beside the test. */
async function retire(
  publication: Publication,
  pair: UtilityInstance | undefined,
  { launched }: HomeToTest,
): Promise<Retired> {
  return publication.run.step('retire', async () => {
    if (pair === undefined) return { instance: await launched, ended: Promise.resolve() };
    const { regionName, instanceId } = pair;
    const summary = `terminate utility instance ${instanceId}`;
    const ended = terminateInstance.executeWithOptions({ summary }, [{ regionName, instanceId }]);
    publication.aside(ended.catch(() => undefined));
    return { instance: await launched, ended };
  });
}

/** The run goes on when the test has passed and the utility instance has ended. */
async function test(
  publication: Publication,
  home: RegionAmis,
  { instance, ended }: Retired,
): Promise<Tested> {
  return publication.run.step('test', async () => {
    const tested = await runTests(publication, home, instance);
    await ended;
    return tested;
  });
}

async function copy(publication: Publication, source: SnapshotSource): Promise<RegionAmis[]> {
  await publication.run.operator.approved('before-copy', 'copy');
  return publication.run.step('copy', () => copyToAllRegions(publication, source));
}

async function publish(
  publication: Publication,
  regions: readonly RegionAmis[],
  tested: TestedSource,
): Promise<void> {
  await publication.run.operator.approved('before-publish', 'publish');
  await publication.run.step('publish', () => makeRegionsPublic(publication, regions, tested));
}
