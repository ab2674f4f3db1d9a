/** The six actions of the EBS direct APIs, as their model of 2019-11-02 places them in HTTP. */

import type { Route } from '../http/protocols/rest-json.js';

const list = {
  pageToken: 'NextToken',
  maxResults: 'MaxResults',
  startingBlockIndex: 'StartingBlockIndex',
};
const checksum = {
  'x-amz-checksum': 'Checksum',
  'x-amz-checksum-algorithm': 'ChecksumAlgorithm',
};
const checksumAnswer = {
  Checksum: 'x-amz-Checksum',
  ChecksumAlgorithm: 'x-amz-Checksum-Algorithm',
};

/** EBS direct APIs reference, request and response syntax of each action. */
export const ebsRoutes: readonly Route[] = [
  { action: 'StartSnapshot', method: 'POST', path: '/snapshots', body: 'json', status: 201 },
  {
    action: 'PutSnapshotBlock',
    method: 'PUT',
    path: '/snapshots/{SnapshotId}/blocks/{BlockIndex}',
    headers: { ...checksum, 'x-amz-data-length': 'DataLength', 'x-amz-progress': 'Progress' },
    integers: ['BlockIndex', 'DataLength', 'Progress'],
    body: 'bytes',
    // "The block data is not signed as part of the Signature Version 4 signing process."
    unsignedPayload: true,
    status: 201,
    answerHeaders: checksumAnswer,
  },
  {
    action: 'CompleteSnapshot',
    method: 'POST',
    path: '/snapshots/completion/{SnapshotId}',
    headers: {
      ...checksum,
      'x-amz-changedblockscount': 'ChangedBlocksCount',
      'x-amz-checksum-aggregation-method': 'ChecksumAggregationMethod',
    },
    integers: ['ChangedBlocksCount'],
    status: 202,
  },
  {
    action: 'ListSnapshotBlocks',
    method: 'GET',
    path: '/snapshots/{SnapshotId}/blocks',
    query: list,
    integers: ['MaxResults', 'StartingBlockIndex'],
    status: 200,
  },
  {
    action: 'ListChangedBlocks',
    method: 'GET',
    path: '/snapshots/{SecondSnapshotId}/changedblocks',
    query: { ...list, firstSnapshotId: 'FirstSnapshotId' },
    integers: ['MaxResults', 'StartingBlockIndex'],
    status: 200,
  },
  {
    action: 'GetSnapshotBlock',
    method: 'GET',
    path: '/snapshots/{SnapshotId}/blocks/{BlockIndex}',
    query: { blockToken: 'BlockToken' },
    integers: ['BlockIndex'],
    status: 200,
    answerHeaders: { ...checksumAnswer, DataLength: 'x-amz-Data-Length' },
    answerBytes: 'BlockData',
  },
];
