/** The tags that keep the evidence of a passed test on the AMI and its snapshot: a later run may publish the same bytes. */

import type { TestRecord } from '../progress/test-record.js';
import type { Tags } from './tags.js';
import { PASSED_PREFIX } from './tags.js';

/** `fedimg:passed:hvm-gp2` = `ami-1 i-1 12` */
export function passedTags({ variant, ami, instanceId, seconds }: TestRecord): Tags {
  return { [`${PASSED_PREFIX}${variant}`]: `${ami} ${instanceId} ${seconds}` };
}

/** Skips what it cannot read: anyone with access to the account can edit a tag. */
export function parsePassed(tags: Tags): TestRecord[] {
  return Object.entries(tags).flatMap(([key, value]) => {
    const match = /^(ami-\S+) (i-\S+) (\d+)$/.exec(value);
    if (!key.startsWith(PASSED_PREFIX) || match === null) return [];
    const [, ami = '', instanceId = '', seconds] = match;
    const variant = key.slice(PASSED_PREFIX.length);
    return [{ variant, ami, instanceId, exitStatus: 0, seconds: Number(seconds), output: '' }];
  });
}
