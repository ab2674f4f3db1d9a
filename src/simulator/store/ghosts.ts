/** Deleted resources that a listing still shows for a while. */

import type { ResourceType } from './resource-change.js';
import type { ResourceRecord } from './state.js';

export type Ghost<T extends ResourceRecord = ResourceRecord> = T & { readonly ghostUntil: number };

/** Deleted resources that are still shown; forgotten at a restart. */
export interface Ghosts {
  /** Replaces an earlier one of the same resource. */
  add(type: ResourceType, ghost: Ghost): void;
  in(type: ResourceType, region: string, nowMs: number): Ghost[];
}

export function createGhosts(): Ghosts {
  const kept = new Map<ResourceType, Ghost[]>();
  return {
    add: (type, ghost) => {
      const others = (kept.get(type) ?? []).filter(({ id }) => id !== ghost.id);
      kept.set(type, [...others, ghost]);
    },
    in: (type, region, nowMs) => {
      const all = kept.get(type);
      if (all === undefined) return [];
      const left = all.filter(({ ghostUntil }) => ghostUntil > nowMs);
      kept.set(type, left);
      return left.filter((ghost) => ghost.region === region);
    },
  };
}
