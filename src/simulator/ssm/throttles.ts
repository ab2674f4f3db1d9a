/** SSM's token buckets, as far as they are known. */

import type { Bucket } from '../faults/throttle.js';
import type { RequestContent } from '../http/protocols/protocol.js';
import type { Need } from '../faults/throttle.js';

/**
 * General reference, "Systems Manager endpoints and quotas": 40 a second for reading parameters, shared.
 * The others are not published; sudolabs-io/aws-ssm-cli#503 and segmentio/chamber#34 saw the end after 20.
 */
const parameters: Bucket = [40, 40];
const putParameter: Bucket = [20, 3];
const others: Bucket = [20, 10];

export function ssmThrottles({ action }: RequestContent): Need[] {
  if (action === 'PutParameter') return [{ name: action, bucket: putParameter, tokens: 1 }];
  if (/^GetParameters?(?:ByPath)?$/.test(action)) {
    return [{ name: 'parameters', bucket: parameters, tokens: 1 }];
  }
  return [{ name: action, bucket: others, tokens: 1 }];
}
