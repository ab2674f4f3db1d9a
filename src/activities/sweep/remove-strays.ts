/** Removes strays of one region that were found before. Each is looked at again right before its removal. */

import { classifyAwsError, isCode } from '../../aws/errors.js';
import { findOwned } from '../../aws/inventory.js';
import { removeResource } from '../../aws/removal.js';
import { repeatRounds } from '../../aws/until-visible.js';
import type { SweepItem } from '../../model/sweep/sweep.js';
import { RESOURCE_TYPES } from '../../model/sweep/sweep.js';
import type { RemovedStrays, RemoveStraysInput } from '../shapes/removal.js';
import type { ActivityContext } from '../attempt/context.js';
import { heartbeating, waitingFor } from '../attempt/heartbeat.js';
import { refuseOtherDeployment } from './plan-sweep.js';
import type { StrayJudgeOptions } from './stray-judge.js';
import { StrayJudge } from './stray-judge.js';

export function removeStrays(
  { aws, config, installation, runs }: ActivityContext,
  input: RemoveStraysInput,
): Promise<RemovedStrays> {
  const { deployment, graceMs, strays } = input;
  const ec2 = aws.region(input.regionName);
  return heartbeating(waitingFor(`removal in ${input.regionName}`), async (report, signal) => {
    refuseOtherDeployment(config, deployment);
    const removal = new StrayRemoval({ runs, ec2, installation, graceMs, signal }, strays);
    const round = async (): Promise<void> => {
      await removal.round();
      report(waitingFor(`removal of ${removal.open.length} of ${strays.length} strays`));
    };
    // EC2 counts a volume or a snapshot as in use for a while after its user has gone.
    const isOver = (elapsedMs: number): boolean =>
      removal.open.length === 0 || elapsedMs >= 2 * ec2.settings.visibilityMs;
    await repeatRounds(ec2, round, { signal, isOver });
    return removal.result();
  });
}

class StrayRemoval {
  /** To be tried again in the next round. */
  open: readonly SweepItem[];
  readonly #options: StrayJudgeOptions;
  readonly #judge: StrayJudge;
  readonly #removed = new Map<string, SweepItem>();
  /** Not removed, with the reason. */
  readonly #left = new Map<string, SweepItem>();

  constructor(options: StrayJudgeOptions, strays: readonly SweepItem[]) {
    this.#options = options;
    this.#judge = new StrayJudge(options);
    this.open = strays;
  }

  /** An error on one resource does not stop the rest; an error of Temporal stops all. */
  async round(): Promise<void> {
    const again: SweepItem[] = [];
    for (const type of RESOURCE_TYPES) {
      const items = this.open.filter((item) => item.type === type);
      // Instances take minutes to terminate, so they do it in parallel; the others are removed at once.
      const sizes = type === 'instance' ? items.length : 1;
      for (let from = 0; from < items.length; from += sizes) {
        const settled = await Promise.allSettled(
          items.slice(from, from + sizes).map(async (item) => {
            if (!(await this.#remove(item))) again.push(item);
          }),
        );
        const failed = settled.find(({ status }) => status === 'rejected');
        if (failed?.status === 'rejected') throw failed.reason;
      }
    }
    this.open = again;
  }

  result(): RemovedStrays {
    return { removed: [...this.#removed.values()], left: [...this.#left.values()] };
  }

  /** False when it is worth trying again. */
  async #remove(item: SweepItem): Promise<boolean> {
    const { ec2, signal } = this.#options;
    const { type, id } = item;
    try {
      const resource = await findOwned(ec2, item, signal);
      if (resource !== undefined) {
        const verdict = await this.#judge.verdict(resource, new Set(this.#removed.keys()));
        if (!verdict.stray) {
          this.#left.set(id, { ...item, code: verdict.code, reason: verdict.reason });
          return verdict.code !== 'in-use';
        }
        await removeResource(ec2, item, signal);
        // EC2 answers the same for a pending and for a deregistered AMI; only the listing tells them apart.
        if (type === 'image' && (await findOwned(ec2, item, signal)) !== undefined) {
          this.#left.set(id, { ...item, code: 'not-removed', reason: 'EC2 still lists it' });
          return false;
        }
      }
    } catch (error) {
      if (signal.aborted) throw error;
      if (!isCode(error, 'InvalidSnapshot.NotFound')) return this.#notRemoved(item, error);
    }
    this.#left.delete(id);
    this.#removed.set(id, item);
    return true;
  }

  #notRemoved(item: SweepItem, error: unknown): boolean {
    const failure = classifyAwsError(error);
    if (failure === undefined) throw error;
    this.#left.set(item.id, { ...item, code: 'not-removed', reason: failure.message });
    return failure.class === 'refused';
  }
}
