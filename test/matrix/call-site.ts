/** Where a step calls out: which call, in which region, found how, and which of them. */

import type { IncomingMessage } from 'node:http';
import type { FaultRule } from '../../src/simulator/index.js';

export interface CallSite {
  /** An API action, or `GET` of a file. */
  readonly action: string;
  readonly region: string;
  /** What a listing is narrowed by (`tag`, `instance-id`); empty for a call that changes something. */
  readonly by: string;
  /** 1 is the first of this kind in an attempt. */
  readonly occurrence: number;
}

/** A part of a call site; what is left out matches all. */
export type SitePattern = Partial<CallSite> & Pick<CallSite, 'action'>;

/** A short name without what means something in a pattern: `RegisterImage eu-west-1 3`. */
export function siteName({ action, region, by, occurrence }: CallSite): string {
  const call = action === '*' ? 'all calls' : action;
  const narrowed = by === '' ? call : `${call} by ${by}`;
  return [narrowed, region, String(occurrence)].filter((word) => word !== '').join(' ');
}

export function isRead({ action }: Pick<CallSite, 'action'>): boolean {
  return /^(?:Describe|List|Get|GET)/.test(action);
}

export function matchesSite(pattern: SitePattern, site: CallSite): boolean {
  return (
    pattern.action === site.action &&
    (pattern.region ?? site.region) === site.region &&
    (pattern.by ?? site.by) === site.by
  );
}

/** What a rule of the local cloud needs to hit the site. */
export function ruleAt(
  site: CallSite,
): Pick<FaultRule, 'action' | 'region' | 'occurrence' | 'where'> {
  const { action, region, by, occurrence } = site;
  const narrowed = by === 'tag' ? 'tag:*' : by;
  return { action, region, occurrence, where: by === '' ? {} : { 'Filter.1.Name': narrowed } };
}

/** Reads the call out of a request as an AWS client or a download sends it; the occurrence is not known yet. */
export function readCall(message: IncomingMessage, body: string): Omit<CallSite, 'occurrence'> {
  const scope = /Credential=[^/]+\/\d{8}\/([a-z0-9-]+)\//.exec(message.headers.authorization ?? '');
  const regionName = scope?.[1] ?? '';
  const target = message.headers['x-amz-target'];
  if (typeof target === 'string')
    return { action: target.split('.')[1] ?? '', region: regionName, by: '' };
  if (regionName === '') {
    return { action: 'GET', region: '', by: (message.url ?? '').split('/').at(-1) ?? '' };
  }
  const direct = directCall(message);
  if (direct !== undefined) return { action: direct, region: regionName, by: '' };
  const parameters = new URLSearchParams(body);
  const filter = parameters.get('Filter.1.Name') ?? '';
  return {
    action: parameters.get('Action') ?? '',
    region: regionName,
    by: filter.startsWith('tag:') ? 'tag' : filter,
  };
}

/** The EBS direct APIs are told apart by method and path. */
function directCall({ method = '', url = '' }: IncomingMessage): string | undefined {
  const path = url.replace(/\?.*$/, '');
  const found = DIRECT_CALLS.find(([verb, pattern]) => verb === method && pattern.test(path));
  return found?.[2];
}

const DIRECT_CALLS = [
  ['POST', /^\/snapshots$/, 'StartSnapshot'],
  ['POST', /^\/snapshots\/completion\/[^/]+$/, 'CompleteSnapshot'],
  ['PUT', /^\/snapshots\/[^/]+\/blocks\/\d+$/, 'PutSnapshotBlock'],
  ['GET', /^\/snapshots\/[^/]+\/blocks$/, 'ListSnapshotBlocks'],
  ['GET', /^\/snapshots\/[^/]+\/blocks\/\d+$/, 'GetSnapshotBlock'],
] as const;
