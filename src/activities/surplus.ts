/**
 * Removes what a run made and its result does not list: the second copy of a request that arrived twice, an instance
 * of a launch that EC2 answered with an error, a snapshot that EC2 listed too late to be adopted.
 */

import { classifyAwsError, isCode } from '../aws/errors.js';
import { findImagesOfSnapshot } from '../aws/images.js';
import { findOwned, listOwned } from '../aws/inventory.js';
import { removeResource } from '../aws/removal.js';
import type { RegionAccess } from '../aws/region-access.js';
import { isSnapshotPublic } from '../aws/snapshots.js';
import { repeatRounds } from '../aws/until-visible.js';
import { EC2_SERVICE_EXCEPTION, ServiceError } from '../model/errors.js';
import type { Origin } from '../model/ids/tags.js';
import { RESULT_STATE, runKey, TAG } from '../model/ids/tags.js';
import { settleAll } from '../model/settle.js';
import type { OwnedResource } from '../model/sweep/stray.js';
import { RESOURCE_TYPES } from '../model/sweep/sweep.js';
import type { RegionResult, RemovedSurplus, RemoveSurplusInput } from './shapes/removal.js';
import type { ActivityContext } from './attempt/context.js';
import { heartbeating, waitingFor } from './attempt/heartbeat.js';

/** A region that only gets copies has no machines. */
const RESULT_TYPES = ['image', 'snapshot'] as const;

/** A region that fails does not stop the others. Rejects to be repeated when a region did not answer. */
export function removeSurplus(
  { aws }: ActivityContext,
  { origin, regions }: RemoveSurplusInput,
): Promise<RemovedSurplus> {
  return heartbeating(waitingFor('last look'), async (_report, signal) => {
    const looks = regions.map(
      (result) => new LastLook(aws.region(result.regionName), { origin, result, signal }),
    );
    await settleAll(looks.map((look) => look.run()));
    const unanswered = looks.flatMap(({ transient }) => transient);
    if (unanswered.length > 0) throw notRemovedYet(unanswered);
    return {
      removed: looks.flatMap(({ removed }) => removed),
      left: looks.flatMap(({ left }) => left),
    };
  });
}

interface LookOptions {
  readonly origin: Origin;
  readonly result: RegionResult;
  readonly signal: AbortSignal;
}

class LastLook {
  readonly removed: string[] = [];
  /** AWS refused to remove these; the sweep tries again. */
  left: string[] = [];
  /** AWS did not answer, or was not ready. */
  transient: string[] = [];
  readonly #ec2: RegionAccess;
  readonly #options: LookOptions;

  constructor(ec2: RegionAccess, options: LookOptions) {
    this.#ec2 = ec2;
    this.#options = options;
  }

  /** One look in the usual case. After a removal it looks again, because EC2 may list the next one late. */
  async run(): Promise<void> {
    const { signal } = this.#options;
    let removedBefore = 0;
    const round = async (): Promise<void> => {
      removedBefore = this.removed.length;
      await this.#round();
    };
    const isOver = (): boolean => this.removed.length === removedBefore;
    await repeatRounds(this.#ec2, round, { signal, isOver });
  }

  async #round(): Promise<void> {
    const { origin, result, signal } = this.#options;
    this.left = [];
    this.transient = [];
    await this.#noting(`resources in ${this.#ec2.name}`, async () => {
      const types = result.hasInstances === false ? RESULT_TYPES : RESOURCE_TYPES;
      const found = await listOwned(this.#ec2, runKey(origin), signal, types);
      for (const type of RESOURCE_TYPES) {
        for (const one of found.filter(
          (resource) => resource.type === type && this.#isSurplus(resource),
        )) {
          await this.#noting(`${one.id} in ${one.region}`, () => this.#remove(one));
        }
      }
    });
  }

  #isSurplus({ id, isPublic, tags }: OwnedResource): boolean {
    const isKept = isPublic || tags[TAG.state] === RESULT_STATE.complete || TAG.keepUntil in tags;
    return !isKept && !this.#options.result.ids.includes(id);
  }

  async #remove(resource: OwnedResource): Promise<void> {
    const { signal } = this.#options;
    // The listing may be old: only a fresh look by id shows that the AMI is still private.
    const now = await findOwned(this.#ec2, resource, signal);
    if (now === undefined || !this.#isSurplus(now) || (await this.#isNeeded(now))) return;
    await removeResource(this.#ec2, now, signal);
    this.removed.push(`${now.id} in ${now.region}`);
  }

  /** A volume goes with its instance, and a snapshot stays while an AMI has it or everybody may use it. */
  async #isNeeded({ type, id, uses }: OwnedResource): Promise<boolean> {
    const { signal } = this.#options;
    if (type === 'volume') return uses.length > 0;
    if (type !== 'snapshot') return false;
    const users = await findImagesOfSnapshot(this.#ec2, id, signal);
    return users.length > 0 || isSnapshotPublic(this.#ec2, id, signal);
  }

  /** An error on one resource does not stop the rest. */
  async #noting(what: string, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (this.#options.signal.aborted) throw error;
      if (isCode(error, 'InvalidSnapshot.NotFound')) return;
      const failure = classifyAwsError(error);
      if (failure === undefined) throw error;
      const list = failure.class === 'refused' ? this.left : this.transient;
      list.push(`${what}: ${failure.message}`);
    }
  }
}

function notRemovedYet(resources: readonly string[]): ServiceError {
  return new ServiceError(
    EC2_SERVICE_EXCEPTION,
    `the last look for what the run made twice is not complete: ${resources.join('; ')}`,
    {
      code: 'not-removed-yet',
      class: 'unreachable',
      next: 'The look is repeated. If it does not succeed in time, the sweep removes what is left.',
    },
  );
}
