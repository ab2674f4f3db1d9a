/** Removes what one run made in one region, found by its tags: last made first. What is public stays. */

import type { Image } from '@aws-sdk/client-ec2';
import type { AwsFailure } from '../aws/errors.js';
import { classifyAwsError } from '../aws/errors.js';
import { deregisterImage, findImages, findImagesOfSnapshot } from '../aws/images.js';
import { endInstance, findInstances } from '../aws/instances.js';
import type { RegionAccess } from '../aws/region-access.js';
import { deleteSnapshot, findSnapshots } from '../aws/snapshots.js';
import { repeatRounds } from '../aws/until-visible.js';
import { deleteVolume, findVolumes } from '../aws/volumes.js';
import { EC2_SERVICE_EXCEPTION, ServiceError } from '../model/errors.js';
import type { Tags } from '../model/ids/tags.js';
import { stepKey } from '../model/ids/tags.js';
import type { UndoneRegion, UndoRegionInput } from './shapes/removal.js';
import type { ActivityContext } from './attempt/context.js';
import { heartbeating, waitingFor } from './attempt/heartbeat.js';

const ALIVE = ['pending', 'running', 'shutting-down', 'stopping', 'stopped'];

export function undoRegion(
  { aws }: ActivityContext,
  input: UndoRegionInput,
): Promise<UndoneRegion> {
  const ec2 = aws.region(input.regionName);
  const first = { ...waitingFor('removal'), region: input.regionName };
  return heartbeating(first, async (_report, signal) => {
    const round = new RemovalRound(ec2, signal);
    const { visibilityMs } = ec2.settings;
    // EC2 may still show a public AMI as private for a while, and public AMIs must stay.
    if (input.mayBePublic === true) await ec2.clock.delay(visibilityMs, signal);
    // EC2 may list late what the last call made, so rounds go on for the visibility window. A round may take longer
    // than the window, and EC2 may have answered a removal with "not found": the last round must find nothing.
    let removedSome = false;
    const run = async (): Promise<void> => {
      removedSome = await round.run(input);
    };
    // A permission to list may reach EC2 late, too. Refused credentials last longer than these rounds.
    const isOver = (elapsedMs: number): boolean =>
      round.refusedCredentials !== undefined ||
      (!removedSome && elapsedMs >= visibilityMs * (round.isBlind ? 2 : 1));
    await repeatRounds(ec2, run, { signal, isOver });
    if (round.transient.length > 0) throw notRemovedYet(input.regionName, round);
    const { removed, kept, left, isBlindToImages } = round;
    return {
      ...{ removed: [...removed], kept: [...kept], left: [...new Set(left)] },
      ...(isBlindToImages && input.mayBePublic === true ? { unseen: true } : {}),
    };
  });
}

/** One pass over all steps, to be repeated; an error on one resource does not stop the rest. */
class RemovalRound {
  readonly removed = new Set<string>();
  readonly kept = new Set<string>();
  /** AWS refused these; they are not tried again. */
  left: string[] = [];
  /** AWS did not answer or was not ready; these are tried again. */
  transient: string[] = [];
  /** The first refusal of the credentials: this round has not seen what is there. */
  refusedCredentials: AwsFailure | undefined;
  /** Snapshots of public AMIs, which stay. Every undo looks at AMIs before their snapshots. */
  readonly #inUse = new Set<string>();
  /** Some listing failed. */
  isBlind = false;
  isBlindToImages = false;
  #removals = 0;
  readonly #region: RegionAccess;
  readonly #signal: AbortSignal;

  constructor(ec2: RegionAccess, signal: AbortSignal) {
    this.#region = ec2;
    this.#signal = signal;
  }

  /** Resolves with whether it removed at least one resource. */
  async run({ origin, steps }: UndoRegionInput): Promise<boolean> {
    this.left = [];
    this.transient = [];
    this.refusedCredentials = undefined;
    this.isBlind = false;
    this.isBlindToImages = false;
    this.#removals = 0;
    for (const step of steps) await this.#removeStep(stepKey(origin, step));
    return this.#removals > 0;
  }

  /** Instances before their volumes, AMIs before their snapshots: EC2 refuses the other order. */
  async #removeStep(key: Tags): Promise<void> {
    const ec2 = this.#region;
    const signal = this.#signal;
    const instances = await this.#listed('instances', findInstances(ec2, key, ALIVE, signal));
    for (const { InstanceId } of instances ?? []) {
      await this.#remove(InstanceId, (id) => endInstance(ec2, id, signal));
    }
    const volumes = await this.#listed('volumes', findVolumes(ec2, key, signal));
    for (const { VolumeId } of volumes ?? []) {
      await this.#remove(VolumeId, (id) => deleteVolume(ec2, id, signal));
    }
    const images = await this.#listed('AMIs', findImages(ec2, key, signal));
    // A snapshot may belong to a public AMI, so none is removed.
    if (images === undefined) {
      this.isBlindToImages = true;
      return;
    }
    const kept = images.filter(({ Public }) => Public === true);
    for (const { ImageId } of kept) if (ImageId !== undefined) this.kept.add(ImageId);
    for (const image of images.filter((one) => !kept.includes(one))) {
      await this.#remove(image.ImageId, (id) => deregisterImage(ec2, id, signal));
    }
    for (const id of kept.flatMap(snapshotsOf)) this.#inUse.add(id);
    const snapshots = await this.#listed('snapshots', findSnapshots(ec2, key, signal));
    for (const { SnapshotId } of snapshots ?? []) {
      if (SnapshotId === undefined || this.#inUse.has(SnapshotId)) continue;
      await this.#remove(SnapshotId, (id) => this.#removeSnapshot(id));
    }
  }

  /** Removes the snapshot even if it is public: without a public AMI it was not published. */
  async #removeSnapshot(id: string): Promise<void> {
    const users = await findImagesOfSnapshot(this.#region, id, this.#signal);
    if (users.length > 0) throw new Error(`it is in use by ${users.join(', ')}`);
    await deleteSnapshot(this.#region, id, this.#signal);
  }

  async #remove(id: string | undefined, remove: (id: string) => Promise<unknown>): Promise<void> {
    // Still listed after a successful delete: EC2 reads are stale, so delete again.
    if (id === undefined) return;
    try {
      await remove(id);
      this.removed.add(id);
      this.#removals += 1;
    } catch (error) {
      this.#note(id, error);
    }
  }

  /** Undefined when the listing fails: the other kinds of resources are removed all the same. */
  async #listed<T>(what: string, listing: Promise<T[]>): Promise<T[] | undefined> {
    try {
      return await listing;
    } catch (error) {
      this.isBlind = true;
      this.#note(what, error);
      return undefined;
    }
  }

  #note(what: string, error: unknown): void {
    if (this.#signal.aborted) throw error;
    const failure = classifyAwsError(error);
    if (failure?.class === 'credentials') this.refusedCredentials ??= failure;
    // The volume of an instance that EC2 refuses to terminate does not become free.
    const isHeld =
      failure?.code === 'VolumeInUse' && this.left.some((line) => line.startsWith('i-'));
    const isFinal = failure === undefined || failure.class === 'refused' || isHeld;
    const list = isFinal ? this.left : this.transient;
    list.push(`${what}: ${failure?.message ?? (error as Error).message}`);
  }
}

function snapshotsOf(image: Image): string[] {
  return (image.BlockDeviceMappings ?? []).flatMap(({ Ebs }) => Ebs?.SnapshotId ?? []);
}

/** Retried: the profile of the undo waits for hours. */
function notRemovedYet(
  regionName: string,
  { transient, refusedCredentials }: RemovalRound,
): ServiceError {
  const resources = transient.join('; ');
  if (refusedCredentials !== undefined) {
    const { code, next } = refusedCredentials;
    return new ServiceError(
      EC2_SERVICE_EXCEPTION,
      `${regionName} could not be looked at: credentials refused (${code}), so the run may have resources there: ${resources}`,
      { code: 'credentials-refused', class: 'credentials', next, region: regionName },
    );
  }
  return new ServiceError(EC2_SERVICE_EXCEPTION, `not removed yet in ${regionName}: ${resources}`, {
    code: 'not-removed-yet',
    class: 'unreachable',
    next: 'The removal is tried again; you need not do anything.',
    region: regionName,
  });
}
