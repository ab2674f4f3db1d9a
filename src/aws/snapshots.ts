/** Snapshots: made or copied once, waited for, made public, deleted. */

import type { Snapshot } from '@aws-sdk/client-ec2';
import {
  CopySnapshotCommand,
  CreateSnapshotCommand,
  DeleteSnapshotCommand,
  DescribeSnapshotAttributeCommand,
  ModifySnapshotAttributeCommand,
} from '@aws-sdk/client-ec2';
import { EC2_SERVICE_EXCEPTION, ServiceError } from '../model/errors.js';
import type { Tags } from '../model/ids/tags.js';
import { awaitState } from './await-state.js';
import { isCode } from './errors.js';
import { listSnapshots } from './listing.js';
import type { Expectation } from './shared-poll.js';
import { isRefusedBecauseGone } from './refused-because-gone.js';
import type { RegionAccess } from './region-access.js';
import { tagFilters, tagSpecification } from './tags.js';
import { untilVisible } from './until-visible.js';

export interface SnapshotRequest {
  /** The tags by which an earlier attempt's snapshot is found: CreateSnapshot and CopySnapshot have no token. */
  readonly key: Tags;
  readonly tags: Tags;
  readonly description: string;
  /** An earlier attempt may have made it so lately that EC2 does not list it yet. */
  readonly mayExist: boolean;
}

export async function ensureSnapshotOfVolume(
  ec2: RegionAccess,
  volumeId: string,
  request: SnapshotRequest,
  signal: AbortSignal,
): Promise<string> {
  const found = await adoptSnapshot(ec2, request, signal);
  if (found !== undefined) return found;
  const { SnapshotId } = await ec2.ec2Once.send(
    new CreateSnapshotCommand({
      VolumeId: volumeId,
      Description: request.description,
      TagSpecifications: [tagSpecification('snapshot', request.tags)],
    }),
    { abortSignal: signal },
  );
  return acknowledged(SnapshotId, 'CreateSnapshot');
}

export async function ensureSnapshotCopy(
  ec2: RegionAccess,
  source: { readonly regionName: string; readonly snapshot: string },
  request: SnapshotRequest,
  signal: AbortSignal,
): Promise<string> {
  const found = await adoptSnapshot(ec2, request, signal);
  if (found !== undefined) return found;
  try {
    const { SnapshotId } = await ec2.ec2Once.send(
      new CopySnapshotCommand({
        SourceRegion: source.regionName,
        SourceSnapshotId: source.snapshot,
        Description: request.description,
        TagSpecifications: [tagSpecification('snapshot', request.tags)],
      }),
      { abortSignal: signal },
    );
    return acknowledged(SnapshotId, 'CopySnapshot');
  } catch (error) {
    if (!isCode(error, 'ResourceLimitExceeded')) throw error;
    // EBS user guide, ebs-copy-snapshot: 20 copies in flight a destination; a place becomes free.
    throw new ServiceError(
      EC2_SERVICE_EXCEPTION,
      `EC2 is already copying 20 snapshots to ${ec2.name}, its limit`,
      {
        code: 'copy-slots',
        class: 'throttled',
        next: 'The copy is tried again when another one has ended; you need not do anything.',
        region: ec2.name,
      },
      { cause: error },
    );
  }
}

/** The snapshot of an earlier attempt. EC2 may list it late, so its absence counts only after the visibility window. */
async function adoptSnapshot(
  ec2: RegionAccess,
  { key, mayExist }: SnapshotRequest,
  signal: AbortSignal,
): Promise<string | undefined> {
  const look = async (): Promise<string | undefined> => {
    const found = await findSnapshots(ec2, key, signal);
    const usable = found.filter(({ State }) => State !== 'error');
    // Its attempt was killed before it saw the failure.
    for (const { SnapshotId, State } of found) {
      if (State === 'error') await deleteUnused(ec2, SnapshotId ?? '', signal);
    }
    usable.sort((a, b) => (a.StartTime?.getTime() ?? 0) - (b.StartTime?.getTime() ?? 0));
    const [oldest, ...others] = usable.flatMap(({ SnapshotId }) => SnapshotId ?? []);
    // Two attempts may each have made one before the other's was listed.
    for (const other of others) await deleteUnused(ec2, other, signal);
    return oldest;
  };
  return untilVisible(ec2, look, { signal, mayExist });
}

async function deleteUnused(
  ec2: RegionAccess,
  snapshotId: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await deleteSnapshot(ec2, snapshotId, signal);
  } catch (error) {
    if (!isCode(error, 'InvalidSnapshot.InUse')) throw error;
  }
}

export async function findSnapshots(
  ec2: RegionAccess,
  tags: Tags,
  signal: AbortSignal,
): Promise<Snapshot[]> {
  return listSnapshots(ec2.ec2, tagFilters(tags), signal);
}

/** Resolves when the snapshot is complete; `onProgress` gets AWS's own percentage, which jumps. */
export function waitUntilSnapshotComplete(
  ec2: RegionAccess,
  snapshotId: string,
  options: {
    readonly signal: AbortSignal;
    readonly isCopy?: boolean;
    onProgress(percent: number): void;
  },
): Promise<Snapshot> {
  const kind = options.isCopy === true ? 'snapshot-copy' : 'snapshot';
  const expected: Expectation<Snapshot> = {
    kind,
    progressOf: (snapshot) => ({ percent: percentOf(snapshot), startedAt: snapshot.StartTime }),
  };
  return awaitState(
    ec2,
    { poll: ec2.snapshots, id: snapshotId, expected },
    {
      done: (snapshot) => {
        options.onProgress(percentOf(snapshot));
        return snapshot.State === 'completed' ? snapshot : undefined;
      },
      failed: ({ State, StateMessage = 'no reason given' }) =>
        State === 'error' ? failed(ec2, snapshotId, `failed: ${StateMessage}`) : undefined,
      missing: () => failed(ec2, snapshotId, 'vanished'),
    },
    options.signal,
  );
}

/** EC2 leaves it empty at first. */
function percentOf({ Progress }: Snapshot): number {
  return Number.parseInt(Progress ?? '0', 10) || 0;
}

/** Allows all accounts to make volumes of it; other accounts need this to copy the AMI. */
export async function makeSnapshotPublic(
  ec2: RegionAccess,
  snapshotId: string,
  signal: AbortSignal,
): Promise<void> {
  await ec2.ec2.send(
    new ModifySnapshotAttributeCommand({
      SnapshotId: snapshotId,
      Attribute: 'createVolumePermission',
      OperationType: 'add',
      GroupNames: ['all'],
    }),
    { abortSignal: signal },
  );
}

export async function isSnapshotPublic(
  ec2: RegionAccess,
  snapshotId: string,
  signal: AbortSignal,
): Promise<boolean> {
  const { CreateVolumePermissions } = await ec2.ec2.send(
    new DescribeSnapshotAttributeCommand({
      SnapshotId: snapshotId,
      Attribute: 'createVolumePermission',
    }),
    { abortSignal: signal },
  );
  return (CreateVolumePermissions ?? []).some(({ Group }) => Group === 'all');
}

/** Deletes; a snapshot that EC2 does not know is gone. */
export async function deleteSnapshot(
  ec2: RegionAccess,
  snapshotId: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await ec2.ec2.send(new DeleteSnapshotCommand({ SnapshotId: snapshotId }), {
      abortSignal: signal,
    });
  } catch (error) {
    if (isCode(error, 'InvalidSnapshot.NotFound')) return;
    const snapshot = { poll: ec2.snapshots, id: snapshotId };
    if (!(await isRefusedBecauseGone(ec2, error, snapshot, signal))) throw error;
  }
}

function acknowledged(id: string | undefined, action: string): string {
  if (id === undefined) throw new TypeError(`${action} answered without a snapshot`);
  return id;
}

function failed(ec2: RegionAccess, snapshotId: string, what: string): ServiceError {
  return new ServiceError(EC2_SERVICE_EXCEPTION, `snapshot ${snapshotId} in ${ec2.name} ${what}`, {
    code: 'snapshot-failed',
    // EC2 failed, so repeating helps: the home region begins again with a new volume, another region is left out.
    class: 'lost',
    next: 'The snapshot is made again where that is possible; if this repeats, ask AWS support with the id of the snapshot.',
    region: ec2.name,
    resource: snapshotId,
  });
}
