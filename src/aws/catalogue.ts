/** The AMIs of this deployment in every region of the account, found by their tags. */

import { setMaxListeners } from 'node:events';
import type { Image } from '@aws-sdk/client-ec2';
import type { TaggedAmi } from '../model/catalogue/tagged-amis.js';
import { mapLimited } from '../model/map-limited.js';
import type { Tags } from '../model/ids/tags.js';
import { deploymentKey } from '../model/ids/tags.js';
import type { AccountRegions } from './account.js';
import { accountRegions } from './account.js';
import { classifyAwsError } from './errors.js';
import type { Aws, RegionAccess } from './region-access.js';
import { findImages } from './images.js';
import { tagsOf } from './tags.js';

export interface Catalogue {
  readonly amis: readonly TaggedAmi[];
  /** Enabled regions that did not answer: their AMIs are missing here. */
  readonly unread: readonly { readonly region: string; readonly reason: string }[];
  /** Regions that are not enabled in the account: EC2 does not list their AMIs. */
  readonly disabled: readonly string[];
}

export interface CatalogueQuery {
  readonly deployment: string;
  /** Asked in turn for the list of regions, until one answers. */
  readonly homes: readonly string[];
  /** Further tags that the AMIs must have. */
  readonly tags: Tags;
}

/** Enough to hide the distance to far regions, few enough for one machine's sockets. */
const REGIONS_AT_ONCE = 12;

/** Throws AWS's error when the list of regions cannot be read, or when no region answers. */
export async function readCatalogue(
  aws: Aws,
  { deployment, homes, tags }: CatalogueQuery,
  signal: AbortSignal,
): Promise<Catalogue> {
  // Every call under way adds a listener, and Node warns above ten.
  setMaxListeners(0, signal);
  const { enabled, disabled } = await regionsOfAccount(aws, homes, signal);
  const key = { ...deploymentKey(deployment), ...tags };
  const failed = new Map<string, unknown>();
  const amis = await mapLimited(enabled, REGIONS_AT_ONCE, async (name) => {
    try {
      return await readRegion(aws.region(name), key, signal);
    } catch (error) {
      if (signal.aborted || classifyAwsError(error) === undefined) throw error;
      failed.set(name, error);
      return [];
    }
  });
  const [first] = failed.values();
  if (failed.size === enabled.length && first !== undefined) throw first as Error;
  const unread = [...failed].map(([region, error]) => ({ region, reason: reasonOf(error) }));
  return { amis: amis.flat(), unread, disabled };
}

function reasonOf(error: unknown): string {
  return classifyAwsError(error)?.message ?? String(error);
}

async function regionsOfAccount(
  aws: Aws,
  homes: readonly string[],
  signal: AbortSignal,
): Promise<AccountRegions> {
  let last: unknown = new TypeError('there is no region to ask');
  for (const home of homes) {
    try {
      return await accountRegions(aws.region(home), signal);
    } catch (error) {
      // Another region would refuse the same credentials.
      if (signal.aborted || classifyAwsError(error)?.class !== 'unreachable') throw error;
      last = error;
    }
  }
  throw last;
}

async function readRegion(ec2: RegionAccess, key: Tags, signal: AbortSignal): Promise<TaggedAmi[]> {
  const found = await findImages(ec2, key, signal);
  return found.flatMap((image) => taggedAmi(ec2.name, image) ?? []);
}

function taggedAmi(regionName: string, image: Image): TaggedAmi | undefined {
  const { ImageId, OwnerId, Name = '', CreationDate = '' } = image;
  if (ImageId === undefined || OwnerId === undefined) return undefined;
  const root = image.BlockDeviceMappings?.find(
    ({ DeviceName }) => DeviceName === image.RootDeviceName,
  );
  return {
    region: regionName,
    ami: ImageId,
    name: Name,
    snapshot: root?.Ebs?.SnapshotId ?? null,
    isPublic: image.Public === true,
    owner: OwnerId,
    createdMs: Date.parse(CreationDate) || 0,
    tags: tagsOf(image),
  };
}
