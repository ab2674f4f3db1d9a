/** GetSnapshotBlock: the bytes of one block, with their checksum. */

import { Members } from '../../members.js';
import type { ServiceCall } from '../../service.js';
import { invalid } from '../errors.js';
import { readBlock, sha256 } from '../lib/block-files.js';
import { findReadableSnapshot } from '../lib/find-snapshot.js';
import { blocksOf, snapshotId, token } from '../lib/model.js';
import { checkBlockToken } from '../lib/tokens.js';

export async function getSnapshotBlock(call: ServiceCall): Promise<unknown> {
  const { cloud } = call;
  const members = Members.of(call.json);
  const id = members.requiredText('SnapshotId', snapshotId);
  const index = members.integer('BlockIndex', { min: 0 }) ?? 0;
  const blockToken = members.requiredText('BlockToken', token);
  members.check();
  const snapshot = findReadableSnapshot(call, id);
  if (index >= blocksOf(snapshot)) {
    throw invalid('INVALID_BLOCK', `The block ${index} is behind the end of the snapshot '${id}'.`);
  }
  checkBlockToken(cloud, { snapshotId: id, index }, blockToken);
  const data = await readBlock({ stateDir: cloud.stateDir, snapshot }, index);
  return {
    BlockData: data,
    DataLength: data.length,
    Checksum: sha256(data).toString('base64'),
    ChecksumAlgorithm: 'SHA256',
  };
}
