/** The AMIs of this deployment in every region of the account, found by their tags. */

import { setMaxListeners } from 'node:events';
import type { Image } from '@aws-sdk/client-ec2';
import { DescribeRegionsCommand, paginateDescribeImages } from '@aws-sdk/client-ec2';
import type { TaggedAmi } from '../model/catalogue/tagged-amis.js';
import { mapLimited } from '../model/map-limited.js';
import type { Tags } from '../model/ids/tags.js';
import { deploymentKey } from '../model/ids/tags.js';
import { classifyAwsError } from './errors.js';
import type { Aws, RegionAccess } from './region-access.js';
import { isThere } from './images.js';
import { tagFilters, tagsOf } from './tags.js';

export interface Catalogue {
  readonly amis: readonly TaggedAmi[];
  /** Regions that are enabled and gave no answer: their AMIs are missing here. */
  readonly unread: readonly { readonly region: string; readonly reason: string }[];
  /** Regions that are not enabled in the account, which EC2 does not let anybody look into. */
  readonly disabled: readonly string[];
}

export interface CatalogueQuery {
  readonly deployment: string;
  /** Any of them says which regions there are; asked in turn. */
  readonly homes: readonly string[];
  /** Further tags that the AMIs must have. */
  readonly tags: Tags;
}

const PAGE_SIZE = 200;

/** So many regions are asked at a time: enough to hide their distance, few enough for one machine's sockets. */
const REGIONS_AT_ONCE = 12;

/** Throws AWS's error when not even the list of regions is to be had, or when no region answers. */
export async function readCatalogue(
  aws: Aws,
  { deployment, homes, tags }: CatalogueQuery,
  signal: AbortSignal,
): Promise<Catalogue> {
  // Every call that is under way listens to it.
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
): Promise<{ enabled: string[]; disabled: string[] }> {
  let last: unknown = new TypeError('there is no region to ask');
  for (const home of homes) {
    try {
      const command = new DescribeRegionsCommand({ AllRegions: true });
      const { Regions } = await aws.region(home).ec2.send(command, { abortSignal: signal });
      const named = (Regions ?? []).toSorted((a, b) =>
        (a.RegionName ?? '').localeCompare(b.RegionName ?? ''),
      );
      const names = (isDisabled: boolean) =>
        named
          .filter(({ OptInStatus }) => (OptInStatus === 'not-opted-in') === isDisabled)
          .flatMap(({ RegionName }) => RegionName ?? []);
      return { enabled: names(false), disabled: names(true) };
    } catch (error) {
      // Another region would refuse the same credentials.
      if (signal.aborted || classifyAwsError(error)?.class !== 'unreachable') throw error;
      last = error;
    }
  }
  throw last;
}

async function readRegion(ec2: RegionAccess, key: Tags, signal: AbortSignal): Promise<TaggedAmi[]> {
  const found: Image[] = [];
  // Tags are private to an account, and so is the right to set them: others' AMIs are no matter here.
  const input = { Owners: ['self'], Filters: tagFilters(key) };
  const paging = { client: ec2.ec2, pageSize: PAGE_SIZE };
  for await (const { Images } of paginateDescribeImages(paging, input, { abortSignal: signal })) {
    found.push(...(Images ?? []).filter(isThere));
  }
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
