/** Removes what one run made in one region, by its tags: last made first, and nothing public. */

import type { Image } from '@aws-sdk/client-ec2';
import { classifyAwsError } from '../aws/errors.js';
import { deregisterImage, findImages, findImagesOfSnapshot } from '../aws/images.js';
import { findInstances, terminateInstance } from '../aws/instances.js';
import type { RegionAccess } from '../aws/region-access.js';
import { deleteSnapshot, findSnapshots } from '../aws/snapshots.js';
import { deleteVolume, findVolumes } from '../aws/volumes.js';
import { EC2_SERVICE_EXCEPTION, ServiceError } from '../model/errors.js';
import type { Tags } from '../model/ids/tags.js';
import { stepKey } from '../model/ids/tags.js';
import type { UndoneRegion, UndoRegionInput } from './activities.js';
import type { ActivityContext } from './attempt/context.js';
import { heartbeating, waitingFor } from './attempt/context.js';

const ALIVE = ['pending', 'running', 'shutting-down', 'stopping', 'stopped'];

/** Between two rounds, while EC2 may not list yet what a call without an answer made. */
const ROUND_MS_MAX = 5_000;

export function undoRegion(
  { aws }: ActivityContext,
  input: UndoRegionInput,
): Promise<UndoneRegion> {
  const ec2 = aws.region(input.regionName);
  return heartbeating(waitingFor(`removal in ${input.regionName}`), async (_report, signal) => {
    const round = new RemovalRound(ec2, signal);
    const { visibilityMs } = ec2.settings;
    // What is public stays, and a permission that was just given is read late.
    if (input.mayBePublic === true) await ec2.clock.delay(visibilityMs, signal);
    // Not listed is no proof of absence: what the last call made may appear only now. A round may take longer
    // than the window, and what it removed may have been said to be unknown: the last one finds nothing.
    const until = ec2.clock.elapsed() + visibilityMs;
    for (;;) {
      const removedSome = await round.run(input);
      // Permissions, too, are late: who was not allowed to look is allowed to in a moment, or never.
      const patienceMs = round.isBlind ? visibilityMs : 0;
      if (!removedSome && ec2.clock.elapsed() >= until + patienceMs) break;
      await ec2.clock.delay(Math.min(ROUND_MS_MAX, visibilityMs / 4), signal);
    }
    if (round.transient.length > 0) throw notRemovedYet(input.regionName, round.transient);
    const { removed, kept, left, isBlindToImages } = round;
    return {
      ...{ removed: [...removed], kept: [...kept], left: [...new Set(left)] },
      ...(isBlindToImages && input.mayBePublic === true ? { unseen: true } : {}),
    };
  });
}

/** Goes over all steps, as often as it is told to; an error on one resource never stops the rest. */
class RemovalRound {
  readonly removed = new Set<string>();
  readonly kept = new Set<string>();
  /** AWS said no; nobody is asked again. */
  left: string[] = [];
  /** AWS did not answer well; it is asked again. */
  transient: string[] = [];
  /** Snapshots of AMIs that are kept; AMIs come before their snapshots in every undo. */
  readonly #inUse = new Set<string>();
  /** Not all could be listed. */
  isBlind = false;
  isBlindToImages = false;
  #removals = 0;
  readonly #region: RegionAccess;
  readonly #signal: AbortSignal;

  constructor(ec2: RegionAccess, signal: AbortSignal) {
    this.#region = ec2;
    this.#signal = signal;
  }

  /** Whether there was anything that could be removed. */
  async run({ origin, steps }: UndoRegionInput): Promise<boolean> {
    this.left = [];
    this.transient = [];
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
      await this.#remove(InstanceId, (id) => terminateInstance(ec2, id, signal));
    }
    const volumes = await this.#listed('volumes', findVolumes(ec2, key, signal));
    for (const { VolumeId } of volumes ?? []) {
      await this.#remove(VolumeId, (id) => deleteVolume(ec2, id, signal));
    }
    const images = await this.#listed('AMIs', findImages(ec2, key, signal));
    // Whether a snapshot is a public AMI's is not known.
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

  /** A snapshot without a public AMI was never published, whatever permission it has by now. */
  async #removeSnapshot(id: string): Promise<void> {
    const users = await findImagesOfSnapshot(this.#region, id, this.#signal);
    if (users.length > 0) throw new Error(`it is in use by ${users.join(', ')}`);
    await deleteSnapshot(this.#region, id, this.#signal);
  }

  async #remove(id: string | undefined, remove: (id: string) => Promise<unknown>): Promise<void> {
    // Listed still though removed before: an answer that was no proof; it is removed again.
    if (id === undefined) return;
    try {
      await remove(id);
      this.removed.add(id);
      this.#removals += 1;
    } catch (error) {
      this.#note(id, error);
    }
  }

  /** Undefined when it cannot be listed: what else there is, is removed all the same. */
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
    // No waiting frees the volume of an instance that may not be terminated.
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

function notRemovedYet(regionName: string, resources: readonly string[]): ServiceError {
  return new ServiceError(
    EC2_SERVICE_EXCEPTION,
    `not removed yet in ${regionName}: ${resources.join('; ')}`,
    {
      code: 'not-removed-yet',
      class: 'unreachable',
      next: 'It is tried again; nothing needs to be done.',
      region: regionName,
    },
  );
}
