/** The operator's own tags for one image, frozen in its plan. */

import type { Config } from '../../config/schema.js';
import { EC2_SERVICE_EXCEPTION, ServiceError } from '../../model/errors.js';
import { LONGEST_VALUES } from '../../model/ids/name-template.js';
import { renderTags } from '../../model/ids/own-tags.js';
import type { Origin } from '../../model/ids/tags.js';
import { TAG_VALUE_CHARS_MAX } from '../../model/ids/tags.js';
import type { ImageRequest } from '../../model/plan/plan.js';
import { imageValues } from './ami-names.js';

/** {} without tags of the operator. Only {region} is left to fill in. Throws when EC2 would refuse a value. */
export function ownTags(
  { tags }: Pick<Config, 'tags'>,
  request: ImageRequest,
): Pick<Origin, 'ownTags'> {
  if (Object.keys(tags).length === 0) return {};
  const rendered = renderTags(tags, imageValues(request));
  for (const [key, value] of Object.entries(rendered)) {
    const { length } = value.replaceAll('{region}', LONGEST_VALUES.region);
    if (length > TAG_VALUE_CHARS_MAX) throw tooLong(key, length);
  }
  return { ownTags: rendered };
}

function tooLong(key: string, length: number): ServiceError {
  return new ServiceError(
    EC2_SERVICE_EXCEPTION,
    `the tag ${key} of this image would have ${length} characters; EC2 allows ${TAG_VALUE_CHARS_MAX}`,
    { code: 'tag-value', class: 'refused', next: `Shorten tags.${key} in the configuration.` },
  );
}
