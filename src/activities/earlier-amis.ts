/** AMIs of the same image that an earlier run left under the wanted names: they are adopted, and never made a second time. */

import type { Image } from '@aws-sdk/client-ec2';
import { findImagesByName, waitUntilImageAvailable } from '../aws/images.js';
import type { RegionAccess } from '../aws/region-access.js';
import { addTags, tagOf, tagsOf } from '../aws/tags.js';
import { EC2_SERVICE_EXCEPTION, ServiceError } from '../model/errors.js';
import type { RegisteredAmi, WantedAmi } from '../model/plan/plan.js';
import type { Origin, StepTag } from '../model/ids/tags.js';
import { amiTags, imageKey, RESULT_STATE, TAG } from '../model/ids/tags.js';
import type { WorkflowRuns } from './attempt/context.js';
import { closedRuns, freeName, isLeftOver } from './left-over.js';

export interface EarlierSearch {
  readonly origin: Origin;
  readonly wanted: readonly WantedAmi[];
  /** An AMI of other bytes is another image's. */
  readonly rawSha256: string;
  readonly step: StepTag;
  /** Only AMIs of this snapshot. */
  readonly snapshot?: string;
  /** False: the plan of this run has seen that the names are free. An AMI that has come since is found when EC2 refuses its name. */
  readonly namesMayBeTaken?: boolean;
}

/**
 * Adopts the identical AMIs of earlier runs. A result stays its run's; what a closed run left unfinished becomes this
 * run's by its tags, so that the sweep leaves it alone and the undo finds it. An AMI that a closed run left on other bytes or
 * on another snapshot loses its name to this run.
 */
export async function adoptEarlier(
  ec2: RegionAccess,
  runs: WorkflowRuns,
  search: EarlierSearch,
  signal: AbortSignal,
): Promise<RegisteredAmi[]> {
  const { origin, wanted, namesMayBeTaken = true } = search;
  if (!namesMayBeTaken) return [];
  const names = wanted.map(({ name }) => name);
  const isClosed = closedRuns(runs, origin);
  const images = names.length === 0 ? [] : await findImagesByName(ec2, names, signal);
  const adopted = await Promise.all(
    wanted.map(async (want): Promise<RegisteredAmi[]> => {
      const image = images.find(({ Name }) => Name === want.name);
      const snapshot = image?.BlockDeviceMappings?.find(({ Ebs }) => Ebs?.SnapshotId)?.Ebs
        ?.SnapshotId;
      if (image?.ImageId === undefined || snapshot === undefined) return [];
      const isOther = search.snapshot !== undefined && search.snapshot !== snapshot;
      if (isOther || !isIdentical(image, want, search)) {
        if (await isLeftOver(image, origin, isClosed)) await freeName(ec2, image, signal);
        return [];
      }
      if (!isResult(image) && !isAdopted(image, search)) {
        if (!(await isLeftOver(image, origin, isClosed))) return [];
        await adopt(
          ec2,
          { image: image.ImageId, snapshot, from: tagOf(image, TAG.run) },
          search,
          signal,
        );
      }
      const { OwnerId: owner } = await waitUntilImageAvailable(ec2, image.ImageId, signal);
      const { variant, name } = want;
      const ami = { regionName: ec2.name, variant, name, ami: image.ImageId, snapshot };
      return [{ ...ami, ...(owner === undefined ? {} : { owner }) }];
    }),
  );
  return adopted.flat();
}

/**
 * What a region fails with whose names were not looked for: another AMI has taken one since the plan was made. The next
 * attempt looks, and may adopt it.
 */
export function failUntilSought(error: unknown): never {
  if (!(error instanceof ServiceError) || error.details.code !== 'name-taken') throw error;
  const details = { ...error.details, class: 'not-yet' } as const;
  throw new ServiceError(EC2_SERVICE_EXCEPTION, error.message, details, { cause: error });
}

/** By tags that only fedimg sets: the same image, variant and bytes, made by another run. */
function isIdentical(image: Image, { name, variant }: WantedAmi, search: EarlierSearch): boolean {
  const { origin, step, rawSha256 } = search;
  const tags = tagsOf(image);
  const made = amiTags({ origin, step, name, variant, rawSha256 });
  const same = [...Object.keys(imageKey(origin)), TAG.variant, TAG.rawSha256];
  return (
    same.every((key) => tags[key] === made[key]) &&
    // ensureImage finds those that this run has made; those of a failed test are kept for inspection.
    (tags[TAG.run] !== origin.runId || isAdopted(image, search)) &&
    tags[TAG.keepUntil] === undefined
  );
}

/** By an earlier attempt of this run. */
function isAdopted(image: Image, { origin }: EarlierSearch): boolean {
  return tagOf(image, TAG.run) === origin.runId && tagOf(image, TAG.adoptedFrom) !== undefined;
}

async function adopt(
  ec2: RegionAccess,
  { image, snapshot, from }: { image: string; snapshot: string; from: string | undefined },
  { origin, step }: EarlierSearch,
  signal: AbortSignal,
): Promise<void> {
  const { workflowId, runId } = origin;
  const own = { [TAG.workflow]: workflowId, [TAG.run]: runId, [TAG.step]: step };
  await addTags(ec2, [image, snapshot], { ...own, [TAG.adoptedFrom]: from ?? '' }, signal);
}

function isResult(image: Image): boolean {
  return image.Public === true || tagOf(image, TAG.state) === RESULT_STATE.complete;
}
