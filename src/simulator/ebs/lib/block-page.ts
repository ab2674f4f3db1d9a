/** One page of ListSnapshotBlocks or ListChangedBlocks. */

import type { Members } from '../../members.js';
import type { ServiceCall } from '../../service.js';
import type { SnapshotRecord } from '../../store/state.js';
import { blockBytes, blocksOf, token } from './model.js';
import { blockTokenLifeMs, pageToken, readPageToken } from './tokens.js';

/**
 * EBS user guide, "Frequently asked questions for EBS direct APIs": a MaxResults "under 100" still gives at least 100.
 * The default is not documented.
 */
const resultsMin = 100;
const resultsMax = 10_000;

/**
 * How many indexes one request looks at. "The request can return less blocks than MaxResults or an empty array of
 * blocks", and the next page goes on; how many it looks at is not documented.
 */
const indexesPerPage = 10_000;

export interface PageRequest {
  readonly maxResults: number;
  readonly pageToken: string | undefined;
  readonly startingBlock: number;
}

export function pageMembers(members: Members): PageRequest {
  const maxResults = members.integer('MaxResults', { min: 1, max: resultsMax }) ?? resultsMax;
  return {
    maxResults: Math.max(resultsMin, maxResults),
    pageToken: members.text('NextToken', token),
    startingBlock: members.integer('StartingBlockIndex', { min: 0 }) ?? 0,
  };
}

export interface Window {
  readonly from: number;
  /** Not included. */
  readonly to: number;
}

/** The indexes that the page looks at. "If you specify NextToken, then StartingBlockIndex is ignored." */
export function pageWindow(call: ServiceCall, about: string, request: PageRequest): Window {
  const from =
    request.pageToken === undefined
      ? request.startingBlock
      : readPageToken(call.cloud, about, request.pageToken);
  return { from, to: from + indexesPerPage };
}

/** The members that both lists have beside their blocks; `next` is the first index of the next page. */
export function pageEnd(
  { cloud }: ServiceCall,
  about: string,
  { snapshot, next }: { readonly snapshot: SnapshotRecord; readonly next: number },
): Record<string, unknown> {
  return {
    ExpiryTime: Math.floor((cloud.clock.now() + blockTokenLifeMs) / 1000),
    VolumeSize: snapshot.sizeGiB,
    BlockSize: blockBytes,
    ...(next < blocksOf(snapshot) ? { NextToken: pageToken(cloud, about, next) } : {}),
  };
}
