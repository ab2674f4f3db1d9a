/** What exists in the local cloud, by its resource list: what a run must not leave, and what it made. */

import { readControl } from './simulator-control.js';

export interface CloudResource {
  readonly type: string;
  readonly id: string;
  readonly region: string;
  readonly state: string;
  readonly public: boolean;
  readonly tags: Readonly<Record<string, string>>;
}

export async function listResources(simulatorUrl: string): Promise<CloudResource[]> {
  return readControl<CloudResource[]>(simulatorUrl, 'resources');
}

/** Instances and volumes of fedimg that still exist; every publication must remove them. */
export function leftovers(resources: readonly CloudResource[]): CloudResource[] {
  const isGone = (state: string): boolean =>
    ['terminated', 'deleted', 'deregistered'].includes(state);
  return resources.filter(
    ({ type, state, tags }) =>
      (type === 'instance' || type === 'volume') && !isGone(state) && 'fedimg:workflow' in tags,
  );
}

/** AMIs and snapshots of fedimg, public or not. */
export function publishedResources(resources: readonly CloudResource[]): CloudResource[] {
  return resources.filter(
    ({ type, tags }) => (type === 'image' || type === 'snapshot') && 'fedimg:workflow' in tags,
  );
}
