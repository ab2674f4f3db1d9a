/** ListChangedBlocks: the blocks in which two snapshots of one lineage differ. */

import { Members } from '../../members.js';
import type { ServiceCall } from '../../service.js';
import type { SnapshotRecord } from '../../store/state.js';
import { invalid } from '../errors.js';
import { readBlock } from '../lib/block-files.js';
import { blockList, within } from '../lib/block-list.js';
import type { Window } from '../lib/block-page.js';
import { pageEnd, pageMembers, pageWindow } from '../lib/block-page.js';
import { findReadableSnapshot } from '../lib/find-snapshot.js';
import { areRelated } from '../lib/lineage.js';
import { snapshotId } from '../lib/model.js';
import { blockToken } from '../lib/tokens.js';

export async function listChangedBlocks(call: ServiceCall): Promise<unknown> {
  const members = Members.of(call.json);
  // Optional in the model; its text: "must be specified with a SecondSnapshotId parameter; otherwise, an error occurs".
  const firstId = members.requiredText('FirstSnapshotId', snapshotId);
  const secondId = members.requiredText('SecondSnapshotId', snapshotId);
  const request = pageMembers(members);
  members.check();
  const first = findReadableSnapshot(call, firstId);
  const second = findReadableSnapshot(call, secondId);
  if (!areRelated(call, first, second)) {
    throw invalid(
      'UNRELATED_SNAPSHOTS',
      `The snapshots '${firstId}' and '${secondId}' are not of the same volume and snapshot lineage.`,
    );
  }
  const about = `${firstId} ${secondId}`;
  const window = pageWindow(call, about, request);
  const pair = { first, second, window };
  const { blocks, next } = await changedBlocks(call, pair, request.maxResults);
  return { ChangedBlocks: blocks, ...pageEnd(call, about, { snapshot: second, next }) };
}

interface Pair {
  readonly first: SnapshotRecord;
  readonly second: SnapshotRecord;
  readonly window: Window;
}

interface ChangedBlock {
  readonly BlockIndex: number;
  /** Absent when that snapshot does not have the block. */
  readonly FirstBlockToken?: string;
  readonly SecondBlockToken?: string;
}

async function changedBlocks(
  { cloud }: ServiceCall,
  { first, second, window: { from, to } }: Pair,
  countMax: number,
): Promise<{ readonly blocks: ChangedBlock[]; readonly next: number }> {
  const inFirst = new Set(within(await blockList(cloud, first), from, to));
  const inSecond = new Set(within(await blockList(cloud, second), from, to));
  const indexes = [...new Set([...inFirst, ...inSecond])].sort((one, other) => one - other);
  const blocks: ChangedBlock[] = [];
  for (const index of indexes) {
    const inBoth = inFirst.has(index) && inSecond.has(index);
    if (inBoth && (await holdSameBytes(cloud.stateDir, first, second, index))) continue;
    if (blocks.length === countMax) return { blocks, next: index };
    blocks.push({
      BlockIndex: index,
      ...(inFirst.has(index) ? { FirstBlockToken: blockToken(cloud, first.id, index) } : {}),
      ...(inSecond.has(index) ? { SecondBlockToken: blockToken(cloud, second.id, index) } : {}),
    });
  }
  return { blocks, next: to };
}

async function holdSameBytes(
  stateDir: string,
  first: SnapshotRecord,
  second: SnapshotRecord,
  index: number,
): Promise<boolean> {
  const one = await readBlock({ stateDir, snapshot: first }, index);
  return one.equals(await readBlock({ stateDir, snapshot: second }, index));
}
