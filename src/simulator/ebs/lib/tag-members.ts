/** The Tags of StartSnapshot. */

import { readTags } from '../../ec2/lib/tag-input.js';
import { CloudError } from '../../errors.js';
import type { Members } from '../../members.js';
import type { Tags } from '../../store/state.js';
import { invalid } from '../errors.js';

/** EBS direct APIs reference, Tag: a little shorter than EC2's own limits. */
const key = { max: 127 };
const value = { max: 255 };

/** Throws ValidationException for tags that EC2 does not allow, with EC2's reason. */
export function readTagMembers(given: readonly Members[] | undefined): Tags {
  const tags = (given ?? []).map((tag) => ({
    Key: tag.text('Key', key),
    Value: tag.text('Value', value),
  }));
  try {
    return readTags(tags);
  } catch (error) {
    if (error instanceof CloudError) throw invalid('INVALID_TAG', error.message);
    throw error;
  }
}
