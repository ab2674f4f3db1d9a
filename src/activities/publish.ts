/** The one place that makes AMIs and snapshots public, and verifies that they are. */

import { findImages, makeImagePublic } from '../aws/images.js';
import type { RegionAccess } from '../aws/region-access.js';
import { untilVisible } from '../aws/until-visible.js';
import { findSnapshots, isSnapshotPublic, makeSnapshotPublic } from '../aws/snapshots.js';
import { EC2_SERVICE_EXCEPTION, ServiceError } from '../model/errors.js';
import { settleAll } from '../model/settle.js';
import { imageKey, TAG } from '../model/ids/tags.js';
import { variantKey } from '../model/ids/variant.js';
import { passedVirts } from '../model/plan/untested.js';
import type { PublishRegionInput } from './shapes/region.js';
import type { ActivityContext, WorkflowRuns } from './attempt/context.js';
import { isRepeat, ownRun } from './attempt/context.js';
import { heartbeating, waitingFor } from './attempt/heartbeat.js';
import { markPublished } from './mark-complete.js';

export function publishRegion(
  { aws, facts, runs }: ActivityContext,
  input: PublishRegionInput,
): Promise<void> {
  const ec2 = aws.region(input.regionName);
  return heartbeating(
    { ...waitingFor('permissions'), region: input.regionName },
    async (_report, signal) => {
      refuseUntested(input);
      const snapshots = [...new Set(input.amis.map(({ snapshot }) => snapshot))];
      const amis = input.amis.map(({ ami }) => ami);
      await refuseOthers(ec2, input, { snapshots, amis }, signal);
      await refuseEndingRun(runs, ec2.name);
      // Snapshots first, so that a public AMI always has a public snapshot. `settleAll` waits for all calls even when one fails.
      await settleAll(snapshots.map((id) => makeSnapshotPublic(ec2, id, signal)));
      await settleAll(amis.map((id) => makeImagePublic(ec2, id, signal)));
      facts.region(ec2.name).publicAmiNames.forget();
      await verify(ec2, input, { snapshots, amis }, signal);
      // Mark complete last, so a run terminated earlier never looks finished to the sweep.
      await markPublished(ec2, input.amis, signal);
    },
  );
}

interface Resources {
  readonly snapshots: readonly string[];
  readonly amis: readonly string[];
}

/** Refuses to publish anything without this image's tags and the hash of the tested bytes. */
async function refuseOthers(
  ec2: RegionAccess,
  { origin, rawSha256 }: PublishRegionInput,
  { snapshots, amis }: Resources,
  signal: AbortSignal,
): Promise<void> {
  // By image and not by run: a run that adds regions adopts what an earlier one left.
  const key = { ...imageKey(origin), [TAG.rawSha256]: rawSha256 };
  const strange = async (): Promise<string[]> => {
    const [foundSnapshots, foundImages] = await Promise.all([
      findSnapshots(ec2, key, signal),
      findImages(ec2, key, signal),
    ]);
    const known = new Set([
      ...foundSnapshots.map(({ SnapshotId }) => SnapshotId),
      ...foundImages.map(({ ImageId }) => ImageId),
    ]);
    return [...snapshots, ...amis].filter((id) => !known.has(id));
  };
  let unknown: string[] = [];
  const look = async (): Promise<true | undefined> => {
    unknown = await strange();
    return unknown.length === 0 ? true : undefined;
  };
  await untilVisible(ec2, look, { signal });
  if (unknown.length === 0) return;
  throw new ServiceError(
    EC2_SERVICE_EXCEPTION,
    `EC2 does not list ${unknown.join(', ')} in ${ec2.name} with the tags of this image and the tested hash ${rawSha256}`,
    {
      code: 'not-the-tested-bytes',
      // EC2 may show tags late; a resource that never shows them is never published.
      class: isRepeat() ? 'refused' : 'not-yet',
      next: 'Look at these resources and their tags: they may have been removed or changed by hand.',
      region: ec2.name,
    },
  );
}

/**
 * Temporal starts a queued attempt also when the run is to be cancelled and no worker has handled the request yet.
 * The failure is retryable, so the workflow ends the activity as cancelled and not as failed.
 */
async function refuseEndingRun(runs: WorkflowRuns, regionName: string): Promise<void> {
  const ending = await runs.endingOf(ownRun());
  if (ending === undefined) return;
  throw new ServiceError(
    EC2_SERVICE_EXCEPTION,
    `the AMIs in ${regionName} stay private: the run is ${ending === 'closed' ? 'closed' : 'to be cancelled'}`,
    {
      code: 'run-ending',
      class: 'not-yet',
      next: 'You need not do anything: the run or the sweep removes what is not public.',
      region: regionName,
    },
  );
}

async function verify(
  ec2: RegionAccess,
  { origin }: PublishRegionInput,
  { snapshots, amis }: Resources,
  signal: AbortSignal,
): Promise<void> {
  const images = await findImages(ec2, imageKey(origin), signal);
  const visible = await Promise.all(snapshots.map((id) => isSnapshotPublic(ec2, id, signal)));
  const isPublic = (id: string) => images.find(({ ImageId }) => ImageId === id)?.Public === true;
  const still = [
    ...amis.filter((id) => !isPublic(id)),
    ...snapshots.filter((_id, index) => visible[index] !== true),
  ];
  if (still.length === 0) return;
  throw new ServiceError(
    EC2_SERVICE_EXCEPTION,
    `EC2 does not show ${still.join(', ')} in ${ec2.name} as public yet`,
    {
      code: 'not-public-yet',
      class: 'not-yet',
      next: 'They are looked at again; you need not do anything.',
      region: ec2.name,
    },
  );
}

/**
 * AMIs become public only after all configured tests of this run have passed, and only with a passed test of their own
 * virtualization type: a paravirtual AMI boots in another way than the HVM one of the same bytes.
 */
function refuseUntested({ regionName, amis, variantsToTest, tests }: PublishRegionInput): void {
  const passed = tests.filter(({ exitStatus }) => exitStatus === 0).map(({ variant }) => variant);
  const virts = passedVirts(passed);
  const needed = [
    ...variantsToTest,
    ...amis.map(({ variant }) => variant).filter(({ virt }) => !virts.has(virt)),
  ];
  const open = [...new Set(needed.map(variantKey))].filter((variant) => !passed.includes(variant));
  if (variantsToTest.length > 0 && open.length === 0) return;
  throw new ServiceError(
    EC2_SERVICE_EXCEPTION,
    `the AMIs in ${regionName} stay private: no test has passed of ${open.join(', ') || 'any variant'}`,
    {
      code: 'untested',
      class: 'refused',
      next: 'This is a bug in fedimg: report it with the history of the run.',
      region: regionName,
    },
  );
}
