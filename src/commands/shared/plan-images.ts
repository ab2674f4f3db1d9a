/** Makes the plan of images in this process, with the configuration and the AWS credentials of the environment. */

import { withoutTemporal } from '../../model/ids/installation.js';
import { setMaxListeners } from 'node:events';
import type { ApplicationFailure } from '@temporalio/common';
import type { ImageRequest } from '../../model/plan/plan.js';
import type { FailureDetails } from '../../model/errors.js';
import type { ComposeMessage } from '../../model/compose/compose-message.js';
import type { PlanSummary } from '../../model/plan/plan-summary.js';
import { summaryOf } from '../../model/plan/plan-summary.js';
import type { Config } from '../../config/schema.js';

/** What is to be planned: one image by hand, or what a finished compose has. */
export type PlanSubject =
  | { readonly kind: 'image'; readonly request: ImageRequest }
  | { readonly kind: 'compose'; readonly message: ComposeMessage };

export interface PlanFailure {
  readonly image: string;
  readonly message: string;
  readonly next: string;
  readonly region: string | null;
  /** As in the details of a failed run. */
  readonly code: string;
  readonly class: string;
}

export interface PlannedImages {
  readonly plans: readonly PlanSummary[];
  readonly failures: readonly PlanFailure[];
  /** Images that are configured but missing in the compose. */
  readonly absent: readonly string[];
}

/** A far region answers within a second or two; an operator at a prompt does not wait for minutes. */
const REQUEST_TIMEOUT_MS = 10_000;

/** Only reads. An image that cannot be planned is a failure of its own; the others are planned. */
export async function planImages(config: Config, subject: PlanSubject): Promise<PlannedImages> {
  const [
    { AccountFacts },
    { Aws, scaledAwsSettings },
    { createUrlPolicy },
    { makePlan },
    { composeImages },
  ] = await Promise.all([
    import('../../aws/account-facts.js'),
    import('../../aws/region-access.js'),
    import('../../fetch/url-policy.js'),
    import('../../activities/plan/plan.js'),
    import('../../activities/read-compose.js'),
  ]);
  const aws = new Aws(scaledAwsSettings(1, { requestTimeoutMs: REQUEST_TIMEOUT_MS }));
  const urlPolicy = createUrlPolicy(config.source);
  const context = {
    installation: withoutTemporal(config.deployment),
    aws,
    facts: new AccountFacts(aws),
    config,
    urlPolicy,
    gaveUp: () => 'it did not answer now',
    // Without Temporal: a publication joins a run of its image that is under way.
    isClosed: () => Promise.resolve(true),
  };
  const { signal } = new AbortController();
  // Every call under way adds a listener, and Node warns above ten.
  setMaxListeners(0, signal);
  const plans: PlanSummary[] = [];
  const failures: PlanFailure[] = [];
  /** Undefined for what cannot be read. */
  const attempt = async <T>(name: string, read: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await read();
    } catch (error) {
      failures.push(await failureOf(error, name));
      return undefined;
    }
  };
  try {
    const images =
      subject.kind === 'image'
        ? { requests: [subject.request], absent: [] }
        : await attempt(subject.message.composeId, () =>
            composeImages(context, subject.message, signal),
          );
    for (const request of images?.requests ?? []) {
      // No resource has these ids, and the plan makes none.
      const input = { request, workflowId: 'plan', runId: 'plan' };
      const plan = await attempt(request.image.name, () => makePlan(context, input, signal));
      if (plan !== undefined) plans.push(summaryOf(plan));
    }
    return { plans, failures, absent: images?.absent ?? [] };
  } finally {
    aws.destroy();
  }
}

/** In the words of a failed run. Rethrows what is an error of this program. */
async function failureOf(error: unknown, image: string): Promise<PlanFailure> {
  const { toFailure } = await import('../../activities/attempt/interceptor.js');
  const failure = toFailure(error);
  const [details] = (failure as ApplicationFailure).details ?? [];
  const { code, next, region, class: failureClass } = details as FailureDetails;
  if (code === 'internal') throw error;
  const message = failure.message;
  return { image, message, next, region: region ?? null, code, class: failureClass };
}
