/** What every new resource has: an id, its place in the order, and when it can be found. */

import type { Cloud } from '../../cloud.js';
import type { ResourceRecord, Tags } from '../../store/state.js';
import type { Call } from './action.js';

export type NewResource = Omit<ResourceRecord, 'stale'>;

export function newResource(call: Call, prefix: string, tags: Tags = {}): NewResource {
  const { cloud, region } = call;
  const now = cloud.clock.now();
  const visibleAt = now + consistencyLagMs(cloud);
  const { listingLagMs } = cloud.settings;
  return {
    id: newId(cloud, prefix),
    region,
    seq: cloud.nextSeq(),
    createdAt: now,
    visibleAt,
    // EC2 developer guide, "Eventual consistency": a listing may lag behind a look-up by id.
    ...(listingLagMs > 0
      ? { listedAt: Math.round(visibleAt + cloud.random.between(0, listingLagMs)) }
      : {}),
    tags,
  };
}

/** `i-` and 17 hexadecimal digits that begin with 0, as today's ids do. */
export function newId(cloud: Cloud, prefix: string): string {
  return `${prefix}-0${cloud.random.hex(16)}`;
}

function consistencyLagMs(cloud: Cloud): number {
  const { consistencyLagMs: lagMs } = cloud.settings;
  return lagMs === undefined
    ? cloud.latency.draw('consistencyLag')
    : Math.round(cloud.random.between(0, lagMs));
}

/** An address of TEST-NET-3, which no real host has. */
export function newPublicIp(cloud: Cloud): string {
  return `203.0.113.${1 + Math.floor(cloud.random.next() * 254)}`;
}
