/** ListSnapshotBlocks: the blocks of a snapshot, with the tokens that read them. */

import { Members } from '../../members.js';
import type { ServiceCall } from '../../service.js';
import { blockList, within } from '../lib/block-list.js';
import { pageEnd, pageMembers, pageWindow } from '../lib/block-page.js';
import { findReadableSnapshot } from '../lib/find-snapshot.js';
import { snapshotId } from '../lib/model.js';
import { blockToken } from '../lib/tokens.js';

export async function listSnapshotBlocks(call: ServiceCall): Promise<unknown> {
  const members = Members.of(call.json);
  const id = members.requiredText('SnapshotId', snapshotId);
  const request = pageMembers(members);
  members.check();
  const snapshot = findReadableSnapshot(call, id);
  const window = pageWindow(call, id, request);
  const found = within(await blockList(call.cloud, snapshot), window.from, window.to);
  const shown = found.slice(0, request.maxResults);
  return {
    Blocks: shown.map((index) => ({
      BlockIndex: index,
      BlockToken: blockToken(call.cloud, id, index),
    })),
    ...pageEnd(call, id, { snapshot, next: found[request.maxResults] ?? window.to }),
  };
}
