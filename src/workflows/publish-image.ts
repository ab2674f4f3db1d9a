/** One image becomes public AMIs in every region: the eight steps, in their order. */

import { CancellationScope, proxyActivities } from '@temporalio/workflow';
import type { Activities, UtilityInstance } from '../activities/activities.js';
import type { PublishImageInput } from '../contract.js';
import { uploadAnnouncements } from '../model/progress/announcement.js';
import type { ImageResult } from '../model/progress/progress.js';
import { settleAll } from '../model/settle.js';
import { Announcements } from './publish/announcements.js';
import { nothingToDo, published, undone } from './publish/closing.js';
import { isLost } from './failure-reason.js';
import { ImageRun } from './publish/image-run.js';
import type { Publication } from './publish/publication.js';
import { following, quick, waiting } from './profiles.js';
import { copyToAllRegions, publishAllRegions } from './publish/regions.js';
import { launchTest, runTests } from './publish/test-instance.js';
import { UndoStack } from './publish/undo-stack.js';

const { planImage } = proxyActivities<Pick<Activities, 'planImage'>>(quick);
const { launchUtilityInstance, snapshotVolume, registerImages, terminateInstance } =
  proxyActivities<
    Pick<
      Activities,
      'launchUtilityInstance' | 'snapshotVolume' | 'registerImages' | 'terminateInstance'
    >
  >(waiting);
const { writeImage } = proxyActivities<Pick<Activities, 'writeImage'>>(following);

/** Twice is bad luck; a third loss is the image's or the account's doing. */
const UTILITY_GENERATIONS_MAX = 3;

export async function publishImage(input: PublishImageInput): Promise<ImageResult> {
  const run = new ImageRun(input);
  const publication: Publication = {
    run,
    announcements: new Announcements((reason) => run.unsent.push(reason)),
    undo: undefined,
    instance: undefined,
    generation: 0,
    aside: [],
  };
  try {
    await plan(publication);
    if (run.plan.published !== undefined) return nothingToDo(publication);
    await utility(publication);
    await write(publication);
    await register(publication);
    await retire(publication);
    await test(publication);
    await copy(publication);
    await publish(publication);
    await settleAll(publication.aside);
    return await published(publication);
  } catch (failure) {
    throw await undone(publication, failure);
  } finally {
    await CancellationScope.nonCancellable(() => publication.announcements.delivered());
  }
}

async function plan(publication: Publication): Promise<void> {
  const { run } = publication;
  const { workflowId, runId } = run;
  await run.step('plan', async () => {
    const summary = `plan ${run.input.request.image.name}`;
    run.freeze(
      await planImage.executeWithOptions({ summary }, [
        { request: run.input.request, workflowId, runId },
      ]),
    );
  });
  publication.undo = new UndoStack(run.plan.origin);
}

async function utility(publication: Publication): Promise<void> {
  const { run, announcements } = publication;
  announcements.add(...uploadAnnouncements(run.plan, 'started'));
  await run.step('utility', () => withNewPairs(publication, () => launchUtility(publication)));
}

async function launchUtility(publication: Publication): Promise<void> {
  const { origin, homeRegion, utility } = publication.run.plan;
  const { generation } = publication;
  publication.undo?.register(homeRegion, 'utility');
  const summary = `utility instance in ${homeRegion}, ${utility.volumeSizeGiB} GiB volume`;
  publication.instance = await launchUtilityInstance.executeWithOptions({ summary }, [
    { origin, regionName: homeRegion, utility, generation },
  ]);
}

async function write(publication: Publication): Promise<void> {
  await publication.run.step('write', () =>
    withNewPairs(publication, async () => {
      if (publication.instance === undefined) await launchUtility(publication);
      await writeAndSnapshot(publication);
    }),
  );
}

/** A lost instance or volume is replaced by a new pair; nothing half-written is taken up again. */
async function withNewPairs(publication: Publication, act: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      await act();
      return;
    } catch (failure) {
      publication.generation += 1;
      if (!isLost(failure) || publication.generation >= UTILITY_GENERATIONS_MAX) throw failure;
      publication.instance = undefined;
      await publication.undo?.unwindRegion(publication.run.plan.homeRegion);
    }
  }
}

async function writeAndSnapshot(publication: Publication): Promise<void> {
  const { run } = publication;
  const { origin, downloadUrl: url, sha256, homeRegion } = run.plan;
  const { rawSizeBytes, compressedSizeBytes, minRateBytesPerSecond } = run.plan;
  const instance = launched(publication);
  const written = await writeImage.executeWithOptions(
    { summary: `write ${run.input.request.image.name} to ${instance.volumeId}` },
    [
      {
        origin,
        utility: instance,
        url,
        sha256,
        rawSizeBytes,
        compressedSizeBytes,
        minRateBytesPerSecond,
      },
    ],
  );
  run.written = written;
  publication.undo?.register(homeRegion, 'snapshot');
  run.source = await snapshotVolume.executeWithOptions(
    { summary: `snapshot ${instance.volumeId}, then destroy it` },
    [{ origin, utility: instance, rawSha256: written.rawSha256 }],
  );
}

async function register(publication: Publication): Promise<void> {
  const { run, undo, announcements } = publication;
  const { origin, arch, registration, home, homeRegion } = run.plan;
  const source = run.source;
  if (source === undefined) throw new TypeError('there is no snapshot to register');
  await run.step('register', async () => {
    undo?.register(homeRegion, 'register');
    const amis = await registerImages.executeWithOptions(
      { summary: `${home.wanted.length} AMIs from ${source.snapshot} in ${homeRegion}` },
      [
        {
          origin,
          arch,
          registration,
          regionPlan: home,
          snapshot: source.snapshot,
          rawSha256: source.rawSha256,
        },
      ],
    );
    run.setRegion(homeRegion, { state: 'copied', amis });
    announcements.add(...uploadAnnouncements(run.plan, 'completed', amis));
  });
}

async function retire(publication: Publication): Promise<void> {
  const instance = launched(publication);
  await publication.run.step('retire', async () => {
    await settleAll([
      terminateInstance.executeWithOptions(
        { summary: `terminate utility instance ${instance.instanceId}` },
        [{ regionName: instance.regionName, instanceId: instance.instanceId }],
      ),
      launchTest(publication),
    ]);
  });
}

async function test(publication: Publication): Promise<void> {
  await publication.run.step('test', () => runTests(publication));
}

async function copy(publication: Publication): Promise<void> {
  await publication.run.step('copy', () => copyToAllRegions(publication));
}

async function publish(publication: Publication): Promise<void> {
  await publication.run.step('publish', () => publishAllRegions(publication));
}

function launched(publication: Publication): UtilityInstance {
  if (publication.instance === undefined) throw new TypeError('no utility instance was launched');
  return publication.instance;
}
