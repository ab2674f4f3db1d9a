/** Token buckets per action and region: EC2's documented ones, and SSM's as far as they are known. */

import type { ParameterTree } from '../http/query-protocol.js';

type Bucket = readonly [capacity: number, refillPerSecond: number];

/** EC2 developer guide, "Request throttling": request token limits. */
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

/** The same page, resource token limits: a token for each instance of the request. */
const resourceBuckets: Readonly<Record<string, Bucket>> = {
  RunInstances: [1000, 2],
  StartInstances: [1000, 2],
  StopInstances: [1000, 20],
  TerminateInstances: [1000, 20],
};

/**
 * General reference, "Systems Manager endpoints and quotas": 40 a second for reading parameters, shared.
 * The others are not published; sudolabs-io/aws-ssm-cli#503 and segmentio/chamber#34 saw the end after 20.
 */
const ssmParameters: Bucket = [40, 40];
const ssmPutParameter: Bucket = [20, 3];
const ssmOthers: Bucket = [20, 10];

export interface ThrottledCall {
  readonly service: 'ec2' | 'ssm' | 'sts';
  readonly action: string;
  readonly region: string;
  readonly parameters: ParameterTree;
  readonly nowMs: number;
}

export interface Throttle {
  /** Takes the call's tokens; false, and takes none, when a bucket has too few. */
  admit(call: ThrottledCall): boolean;
}

export function createThrottle(): Throttle {
  const levels = new Map<string, { tokens: number; at: number }>();
  const levelOf = (key: string, [capacity, refill]: Bucket, nowMs: number): number => {
    const level = levels.get(key) ?? { tokens: capacity, at: nowMs };
    return Math.min(capacity, level.tokens + ((nowMs - level.at) / 1000) * refill);
  };
  return {
    admit: (call) => {
      const { region, nowMs } = call;
      const needs = needsOf(call).map(({ name, bucket, tokens }) => {
        const key = `${region} ${name}`;
        return { key, tokens, level: levelOf(key, bucket, nowMs) };
      });
      const admitted = needs.every(({ tokens, level }) => level >= tokens);
      for (const { key, tokens, level } of needs) {
        levels.set(key, { tokens: admitted ? level - tokens : level, at: nowMs });
      }
      return admitted;
    },
  };
}

interface Need {
  readonly name: string;
  readonly bucket: Bucket;
  readonly tokens: number;
}

function needsOf(call: ThrottledCall): Need[] {
  const { service, action } = call;
  if (service === 'sts') return [];
  if (service === 'ssm') return [ssmNeed(action)];
  const [name, bucket] = requestBucket(action, call.parameters);
  const request = { name, bucket, tokens: 1 };
  const resource = Object.hasOwn(resourceBuckets, action) ? resourceBuckets[action] : undefined;
  if (resource === undefined) return [request];
  return [
    request,
    { name: `${action} resources`, bucket: resource, tokens: countOf(call.parameters) },
  ];
}

function ssmNeed(action: string): Need {
  if (action === 'PutParameter') return { name: action, bucket: ssmPutParameter, tokens: 1 };
  if (/^GetParameters?(?:ByPath)?$/.test(action)) {
    return { name: 'ssm parameters', bucket: ssmParameters, tokens: 1 };
  }
  return { name: `ssm ${action}`, bucket: ssmOthers, tokens: 1 };
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
