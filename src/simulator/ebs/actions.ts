/** The table of the EBS direct APIs' actions. */

import type { ServiceAction } from '../service.js';
import { completeSnapshot } from './actions/complete-snapshot.js';
import { getSnapshotBlock } from './actions/get-snapshot-block.js';
import { listChangedBlocks } from './actions/list-changed-blocks.js';
import { listSnapshotBlocks } from './actions/list-snapshot-blocks.js';
import { putSnapshotBlock } from './actions/put-snapshot-block.js';
import { startSnapshot } from './actions/start-snapshot.js';

export const ebsActions: ReadonlyMap<string, ServiceAction> = new Map<string, ServiceAction>([
  ['StartSnapshot', startSnapshot],
  ['PutSnapshotBlock', putSnapshotBlock],
  ['CompleteSnapshot', completeSnapshot],
  ['ListSnapshotBlocks', listSnapshotBlocks],
  ['ListChangedBlocks', listChangedBlocks],
  ['GetSnapshotBlock', getSnapshotBlock],
]);
