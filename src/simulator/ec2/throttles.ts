/** EC2's token buckets (EC2 developer guide, "Request throttling"). */

import type { Bucket } from '../faults/throttle.js';
import type { RequestContent } from '../http/protocols/protocol.js';
import type { ParameterTree } from '../http/query-protocol.js';
import type { Need } from '../faults/throttle.js';

/** Request token limits. */
const buckets: Readonly<Record<string, Bucket>> = {
  RunInstances: [5, 2],
  StartInstances: [5, 2],
  TerminateInstances: [100, 5],
  CopyImage: [100, 1],
  CreateSnapshot: [100, 5],
  CreateVolume: [100, 5],
  DeleteSnapshot: [100, 5],
  DeleteVolume: [100, 5],
  DeregisterImage: [100, 5],
  ModifyImageAttribute: [100, 5],
  ModifySnapshotAttribute: [100, 5],
  CreateTags: [100, 10],
};
const mutating: Bucket = [50, 5];
const reading: Bucket = [100, 20];
/** Neither filtered, paginated nor by id. */
const readingAll: Bucket = [50, 10];

/** Resource token limits: a token for each instance of the request. */
const resourceBuckets: Readonly<Record<string, Bucket>> = {
  RunInstances: [1000, 2],
  StartInstances: [1000, 2],
  StopInstances: [1000, 20],
  TerminateInstances: [1000, 20],
};

export function ec2Throttles({ action, parameters }: RequestContent): Need[] {
  const [name, bucket] = requestBucket(action, parameters);
  const request = { name, bucket, tokens: 1 };
  const resource = Object.hasOwn(resourceBuckets, action) ? resourceBuckets[action] : undefined;
  if (resource === undefined) return [request];
  return [request, { name: `${action} resources`, bucket: resource, tokens: countOf(parameters) }];
}

/** How many instances the request is about: MinCount for a launch, or the ids that it names. */
function countOf(parameters: ParameterTree): number {
  const min = Number(parameters.get('MinCount') ?? Number.NaN);
  if (Number.isInteger(min) && min > 0) return min;
  const ids = parameters.get('InstanceId');
  return ids instanceof Map ? Math.max(1, ids.size) : 1;
}

function requestBucket(action: string, parameters: ParameterTree): [name: string, bucket: Bucket] {
  const own = Object.hasOwn(buckets, action) ? buckets[action] : undefined;
  if (own !== undefined) return [action, own];
  if (!/^(?:Describe|Get)/.test(action)) return [action, mutating];
  const names = [...parameters.keys()];
  // `InstanceId.1` and the like: every list of a Query request is a name and numbers.
  const narrow = names.some(
    (name) =>
      name === 'Filter' || name === 'MaxResults' || /Ids?$|^(?:Region|Zone)Name$/.test(name),
  );
  return narrow || action.startsWith('Get') ? [action, reading] : [`${action} all`, readingAll];
}
