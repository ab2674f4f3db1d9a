/** Tags in our form and in EC2's. */

import type { Filter, ResourceType, Tag, TagSpecification } from '@aws-sdk/client-ec2';
import { CreateTagsCommand } from '@aws-sdk/client-ec2';
import type { Tags } from '../model/ids/tags.js';
import type { RegionAccess } from './region-access.js';

export function tagSpecification(type: ResourceType, tags: Tags): TagSpecification {
  return {
    ResourceType: type,
    Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
  };
}

/** Filters that only resources with all of these tags pass. */
export function tagFilters(tags: Tags): Filter[] {
  return Object.entries(tags).map(([key, value]) => ({
    Name: `tag:${key}`,
    Values: [literally(value)],
  }));
}

/** EC2 reads * and ? in the value of a filter as wildcards, unless a backslash is before them. */
function literally(value: string): string {
  return value.replace(/[*?\\]/g, '\\$&');
}

export function tagOf(
  resource: { readonly Tags?: Tag[] | undefined },
  key: string,
): string | undefined {
  return resource.Tags?.find((tag) => tag.Key === key)?.Value;
}

export function tagsOf(resource: { readonly Tags?: Tag[] | undefined }): Tags {
  return Object.fromEntries((resource.Tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value]));
}

/** Adds the tags to all of these resources, and replaces the values of existing keys; safe to repeat. */
export async function addTags(
  ec2: RegionAccess,
  ids: readonly string[],
  tags: Tags,
  signal: AbortSignal,
): Promise<void> {
  await ec2.ec2.send(
    new CreateTagsCommand({
      Resources: [...ids],
      Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
    }),
    { abortSignal: signal },
  );
}
