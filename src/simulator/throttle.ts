/** EC2's request token buckets, per action and region (EC2 developer guide, "Request throttling"). */

import type { ParameterTree } from './query-protocol.js';

type Bucket = readonly [capacity: number, refillPerSecond: number];

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

export interface Throttle {
  /** Takes a token; false when the bucket is empty. */
  admit(call: {
    action: string;
    region: string;
    parameters: ParameterTree;
    nowMs: number;
  }): boolean;
}

export function createThrottle(): Throttle {
  const levels = new Map<string, { tokens: number; at: number }>();
  return {
    admit: ({ action, region, parameters, nowMs }) => {
      const [name, [capacity, refillPerSecond]] = bucketFor(action, parameters);
      const key = `${region} ${name}`;
      const level = levels.get(key) ?? { tokens: capacity, at: nowMs };
      const refilled = level.tokens + ((nowMs - level.at) / 1000) * refillPerSecond;
      const tokens = Math.min(capacity, refilled);
      const admitted = tokens >= 1;
      levels.set(key, { tokens: admitted ? tokens - 1 : tokens, at: nowMs });
      return admitted;
    },
  };
}

function bucketFor(action: string, parameters: ParameterTree): [name: string, bucket: Bucket] {
  const own = Object.hasOwn(buckets, action) ? buckets[action] : undefined;
  if (own !== undefined) return [action, own];
  if (!/^(?:Describe|Get)/.test(action)) return [action, mutating];
  const names = [...parameters.keys()];
  const narrow = names.some(
    (name) => name === 'Filter' || name === 'MaxResults' || /Ids?$/.test(name),
  );
  return narrow || action.startsWith('Get') ? [action, reading] : [`${action} all`, readingAll];
}
