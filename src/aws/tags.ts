/** Tags between our words and EC2's. */

import type { Filter, ResourceType, Tag, TagSpecification } from '@aws-sdk/client-ec2';
import type { Tags } from '../model/tags.js';

export function tagSpecification(type: ResourceType, tags: Tags): TagSpecification {
  return {
    ResourceType: type,
    Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
  };
}

/** Filters that only resources with all of these tags pass. */
export function tagFilters(tags: Tags): Filter[] {
  return Object.entries(tags).map(([key, value]) => ({ Name: `tag:${key}`, Values: [value] }));
}

export function tagOf(
  resource: { readonly Tags?: Tag[] | undefined },
  key: string,
): string | undefined {
  return resource.Tags?.find((tag) => tag.Key === key)?.Value;
}
