/** StartSnapshot: a new snapshot, pending until CompleteSnapshot, with no block or with those of its parent. */

import { arbitraryVolumeId } from '../../ec2/lib/snapshot-copy.js';
import { fileFor } from '../../ec2/lib/snapshot-lifecycle.js';
import { newResource } from '../../ec2/lib/new-resource.js';
import { Members } from '../../members.js';
import type { ServiceCall } from '../../service.js';
import type { SnapshotRecord, Tags } from '../../store/state.js';
import { invalid } from '../errors.js';
import { createBlockFiles } from '../lib/block-files.js';
import { withClientToken } from '../lib/client-token.js';
import { encryptionOf } from '../lib/encryption.js';
import { findOwnSnapshot, findReadableSnapshot } from '../lib/find-snapshot.js';
import { blockBytes, snapshotId } from '../lib/model.js';
import { checkSnapshotQuotas } from '../lib/snapshot-quotas.js';
import { readTagMembers } from '../lib/tag-members.js';

/** StartSnapshot: VolumeSize, Description, KmsKeyArn, Timeout. */
const volumeSizeMax = 65_536;
const kmsKeyArn = { min: 1, max: 2048, pattern: /^arn:aws[a-z-]*:kms:.*:[0-9]{12}:key\/.*$/ };
const timeoutMinutes = { min: 10, max: 4320 };
const timeoutMinutesDefault = 60;

interface Input {
  readonly volumeSize: number;
  readonly parentId: string | undefined;
  readonly tags: Tags;
  readonly description: string | undefined;
  readonly encrypted: boolean | undefined;
  readonly kmsKeyArn: string | undefined;
  readonly timeoutMinutes: number;
}

export function startSnapshot(call: ServiceCall): Promise<unknown> {
  const members = Members.of(call.json);
  const clientToken = members.text('ClientToken', { max: 255, pattern: /^\S+$/ });
  const input = readInput(members);
  return withClientToken(call, { token: clientToken, input }, () => start(call, input));
}

function readInput(members: Members): Input {
  const volumeSize = members.integer('VolumeSize', { min: 1 });
  const tags = members.structures('Tags');
  const input = {
    parentId: members.text('ParentSnapshotId', snapshotId),
    tags: readTagMembers(tags),
    description: members.text('Description', { max: 255 }),
    encrypted: members.flag('Encrypted'),
    kmsKeyArn: members.text('KmsKeyArn', kmsKeyArn),
    timeoutMinutes: members.integer('Timeout', timeoutMinutes) ?? timeoutMinutesDefault,
  };
  if (volumeSize === undefined) members.requiredText('VolumeSize');
  members.check();
  if (volumeSize !== undefined && volumeSize <= volumeSizeMax) return { ...input, volumeSize };
  throw invalid('INVALID_VOLUME_SIZE', `The volume size must be at most ${volumeSizeMax} GiB.`);
}

async function start(call: ServiceCall, input: Input): Promise<Record<string, unknown>> {
  const { cloud } = call;
  const parent = parentOf(call, input);
  const encryption = encryptionOf(call, { ...input, parent });
  checkSnapshotQuotas(call);
  const fresh = newResource(call, 'snap', input.tags);
  const timeoutMs = input.timeoutMinutes * 60_000;
  const snapshot: SnapshotRecord = {
    ...fresh,
    ownerId: cloud.accountId,
    volumeId: arbitraryVolumeId,
    sizeGiB: input.volumeSize,
    description: input.description ?? '',
    ...encryption,
    completesAt: fresh.createdAt,
    file: fileFor(fresh.id),
    permissions: { everyone: false, accounts: [] },
    ...(parent === undefined ? {} : { parentSnapshotId: parent.id }),
    started: true,
    writing: { timeoutMs, expiresAt: fresh.createdAt + timeoutMs },
  };
  await createBlockFiles({ stateDir: cloud.stateDir, snapshot }, parent);
  cloud.snapshots.put(snapshot);
  return answerOf(snapshot, input);
}

function parentOf(call: ServiceCall, { parentId, volumeSize }: Input): SnapshotRecord | undefined {
  if (parentId === undefined) return undefined;
  findOwnSnapshot(call, parentId);
  const parent = findReadableSnapshot(call, parentId);
  if (volumeSize >= parent.sizeGiB) return parent;
  throw invalid(
    'INVALID_VOLUME_SIZE',
    `The volume size of ${volumeSize} GiB is smaller than that of the parent snapshot, ${parent.sizeGiB} GiB.`,
  );
}

function answerOf(snapshot: SnapshotRecord, { tags, description }: Input): Record<string, unknown> {
  const tagList = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  return {
    Description: description,
    SnapshotId: snapshot.id,
    OwnerId: snapshot.ownerId,
    Status: 'pending',
    StartTime: snapshot.createdAt / 1000,
    VolumeSize: snapshot.sizeGiB,
    BlockSize: blockBytes,
    ...(tagList.length === 0 ? {} : { Tags: tagList }),
    ParentSnapshotId: snapshot.parentSnapshotId,
    KmsKeyArn: snapshot.kmsKeyId,
    SseType: snapshot.encrypted ? 'sse-kms' : 'none',
  };
}
