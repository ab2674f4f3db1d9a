/** CreateTags, DeleteTags, DescribeTags. */

import { findSecurityGroup } from '../lib/lookup.js';
import { CloudError, missingParameter } from '../../errors.js';
import { integer, list, required, structure, text } from '../../input.js';
import type { ResourceRecord, Tags } from '../../store/state.js';
import type { ActionTable, Call } from '../lib/action.js';
import { action } from '../lib/action.js';
import { applyFilters, filterInput } from '../lib/filters.js';
import {
  findImage,
  findInstance,
  findSnapshot,
  findVolume,
  isListed,
  seenImages,
  seenInstances,
  seenSnapshots,
  seenVolumes,
} from '../lib/lookup.js';
import { paginate } from '../lib/pagination.js';
import { mergeTags, readTags, tagInput } from '../lib/tag-input.js';

interface Tagged {
  readonly tags: Tags;
  save(tags: Tags): void;
}

/** CreateTags and DeleteTags take up to 1,000 resources. */
const resourcesMax = 1000;

export const tagActions: ActionTable = {
  CreateTags: action({ ResourceId: list(text), Tag: tagInput }, (call, input) => {
    if (input.Tag.length === 0) throw missingParameter('Tag');
    const added = readTags(input.Tag);
    const resources = findTagged(call, input.ResourceId);
    // Every merge must be within the limits before the first is kept.
    const merged = resources.map((resource) => mergeTags(resource.tags, added));
    resources.forEach((resource, index) => resource.save(merged[index] ?? {}));
    return { return: true };
  }),

  DeleteTags: action(
    { ResourceId: list(text), Tag: list(structure({ Key: required(text), Value: text })) },
    (call, input) => {
      for (const resource of findTagged(call, input.ResourceId)) {
        const kept = Object.entries(resource.tags).filter(
          ([key, value]) => !isDeleted(input.Tag, key, value),
        );
        resource.save(mergeTags({}, Object.fromEntries(kept)));
      }
      return { return: true };
    },
  ),

  DescribeTags: action(
    { Filter: filterInput, MaxResults: integer, NextToken: text },
    (call, input) => {
      const rows = listTags(call);
      const matching = applyFilters(rows, withoutTagFilter(input.Filter), {
        key: ({ key }) => key,
        'resource-id': ({ resourceId }) => resourceId,
        'resource-type': ({ resourceType }) => resourceType,
        value: ({ value }) => value,
      });
      const page = paginate(matching, {
        maxResults: input.MaxResults,
        nextToken: input.NextToken,
        range: [5, 1000],
      });
      return {
        tagSet: page.items.map(({ key, value, resourceId, resourceType }) => ({
          resourceId,
          resourceType,
          key,
          value,
        })),
        nextToken: page.nextToken,
      };
    },
  ),
};

/** Without tags it deletes all; a tag without a value is deleted with any value (DeleteTags: Tags). */
function isDeleted(
  given: readonly { readonly Key: string; readonly Value: string | undefined }[],
  key: string,
  value: string,
): boolean {
  if (given.length === 0) return true;
  return given.some((tag) => tag.Key === key && (tag.Value === undefined || tag.Value === value));
}

function findTagged(call: Call, ids: readonly string[]): Tagged[] {
  if (ids.length === 0) throw missingParameter('ResourceId');
  if (ids.length > resourcesMax) {
    throw new CloudError(
      'InvalidParameterValue',
      `At most ${resourcesMax} resources can be tagged in one request.`,
    );
  }
  return [...new Set(ids)].map((id) => findTaggedOne(call, id));
}

function findTaggedOne(call: Call, id: string): Tagged {
  const { cloud } = call;
  const tagged = <T extends ResourceRecord>(
    record: T,
    table: { put(record: T): void },
  ): Tagged => ({
    tags: record.tags,
    save: (tags) => {
      record.tags = tags;
      table.put(record);
    },
  });
  switch (id.slice(0, id.indexOf('-'))) {
    case 'i':
      return tagged(findInstance(call, id), cloud.instances);
    case 'vol':
      return tagged(findVolume(call, id), cloud.volumes);
    case 'snap':
      return tagged(owned(call, findSnapshot(call, id)), cloud.snapshots);
    case 'ami':
      return tagged(owned(call, findImage(call, id)), cloud.images);
    case 'sg':
      return tagged(findSecurityGroup(call, id), cloud.securityGroups);
    default:
      throw new CloudError('InvalidID', `The ID '${id}' is not valid`);
  }
}

/** Own tags on foreign public resources exist in EC2, for the account alone; here they are refused. */
function owned<T extends { readonly id: string; readonly ownerId: string }>(
  call: Call,
  record: T,
): T {
  if (record.ownerId === call.cloud.accountId) return record;
  throw new CloudError(
    'UnauthorizedOperation',
    `You are not authorized to perform this operation on ${record.id}.`,
    403,
  );
}

interface TagRow {
  readonly seq: number;
  readonly key: string;
  readonly value: string;
  readonly resourceId: string;
  readonly resourceType: string;
  readonly tags: Tags;
}

function listTags(call: Call): TagRow[] {
  const { cloud, region } = call;
  const now = cloud.clock.now();
  const kinds: [string, Iterable<ResourceRecord>][] = [
    ['instance', seenInstances(call)],
    ['volume', seenVolumes(call)],
    ['snapshot', seenSnapshots(call)],
    ['image', seenImages(call)],
    ['security-group', cloud.securityGroups.inRegion(region)],
  ];
  const rows: Omit<TagRow, 'seq'>[] = [];
  for (const [resourceType, records] of kinds) {
    for (const record of records) {
      if (!isListed(record, now)) continue;
      for (const [key, value] of Object.entries(record.tags)) {
        rows.push({ key, value, resourceId: record.id, resourceType, tags: { [key]: value } });
      }
    }
  }
  return rows.map((row, index) => ({ ...row, seq: index + 1 }));
}

/** DescribeTags has `tag:KEY` as a filter but no `tag-key`; its `key` does the same. */
function withoutTagFilter<T extends { readonly Name: string }>(
  filters: readonly T[],
): readonly T[] {
  const wrong = filters.find((filter) => filter.Name === 'tag-key');
  if (wrong === undefined) return filters;
  throw new CloudError('InvalidParameterValue', `The filter 'tag-key' is invalid`);
}
