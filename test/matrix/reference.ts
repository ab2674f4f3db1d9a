/** What a step does when nothing disturbs it: its calls, and what the cloud holds before and after. */

import type { ImagePlan, ImageRequest } from '../../src/model/plan/plan.js';
import type { ListedResource } from '../../src/simulator/index.js';
import { TAG } from '../../src/model/ids/tags.js';
import type { CallSite } from './call-site.js';
import { siteName } from './call-site.js';
import { Driver } from './driver.js';
import { isSteady } from './fault.js';
import type { Stages } from './stages.js';
import { stepOf } from './steps.js';
import type { MatrixWorker } from './world.js';

export interface Reference {
  /** The calls of the step that come in every run, in their order. */
  readonly sites: readonly CallSite[];
  /** All calls of its acts, those of other steps' rows too. */
  readonly calls: readonly CallSite[];
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly requests: readonly ImageRequest[] | undefined;
  readonly plan: ImagePlan | undefined;
  /** Keys of the messages, in their order. */
  readonly messages: readonly string[];
  /** Ids of the snapshots that were there before: their bytes are proven. */
  readonly snapshots: ReadonlySet<string>;
}

export async function measure(stages: Stages, row: number): Promise<Reference> {
  const step = stepOf(row);
  const world = await stages.open(step.stage, 1);
  try {
    const found = await world.resources();
    const worker = await world.worker();
    const outcome = await new Driver(world, step, worker).run();
    if (outcome.kind !== 'done') {
      const why = 'failure' in outcome ? outcome.failure.message : outcome.kind;
      throw new Error(`step ${row} fails without a fault: ${why}`);
    }
    const calls = callsOf(worker);
    return {
      sites: distinct(calls.filter((site) => step.owns(site) && isSteady(site))),
      calls,
      before: listed(found),
      after: listed(await world.resources()),
      requests: world.state.requests,
      plan: world.state.plan,
      messages: world.mailbox.map(({ key }) => key),
      snapshots: new Set(found.filter(({ type }) => type === 'snapshot').map(({ id }) => id)),
    };
  } finally {
    await world.close();
  }
}

function callsOf({ traps }: MatrixWorker): CallSite[] {
  return [...traps.aws.calls, ...traps.source.calls, ...traps.broker.calls];
}

function distinct(sites: readonly CallSite[]): CallSite[] {
  return [...new Map(sites.map((site) => [siteName(site), site])).values()];
}

/** One line a resource, without what differs from run to run: ids, and which generation it is. */
export function listed(resources: readonly ListedResource[]): string[] {
  return resources
    .map(({ type, region, state, public: everyone, tags }) => {
      const what = tags[TAG.variant] ?? '';
      const name = tags['Name'] ?? 'without a name';
      const who = everyone ? 'public' : 'private';
      return `${type} ${region} ${state} ${who} ${tags[TAG.step] ?? 'of no step'} ${what} ${name}`;
    })
    .sort();
}
