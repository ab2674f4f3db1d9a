/** One compose: waits until it is finished, then publishes each of its images as a child workflow. */

import { ApplicationFailure, isCancellation, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/activities.js';
import type { ComposeInput } from '../contract.js';
import type { FailureDetails } from '../model/errors.js';
import { EC2_SERVICE_EXCEPTION } from '../model/errors.js';
import type { ComposeResult } from '../model/progress/progress.js';
import { settleAll } from '../model/settle.js';
import { ComposeRun } from './compose-run.js';
import { planning } from './profiles.js';

const { readCompose } = proxyActivities<Pick<Activities, 'readCompose'>>(planning);

/** Pungi's longest composes take a day. A compose without a message for a week will not finish. */
const COMPOSE_PATIENCE = '7 days';

export async function compose(input: ComposeInput): Promise<ComposeResult> {
  const { composeId } = input;
  const run = new ComposeRun(input);
  try {
    if (!(await run.untilFinal(COMPOSE_PATIENCE))) {
      throw unusable('compose-silent', `${composeId} was not finished within ${COMPOSE_PATIENCE}`);
    }
    if (run.finished === undefined) {
      return await run.ended(`the compose ended as ${run.status}`);
    }
    run.state = 'reading';
    const summary = `read the images of ${composeId}`;
    const { requests, absent } = await readCompose.executeWithOptions({ summary }, [run.finished]);
    run.absent = absent;
    if (requests.length === 0) {
      throw unusable('compose-empty', `${composeId} has no image for EC2`);
    }
    run.state = 'publishing';
    return await run.closed(await settleAll(requests.map((request) => run.publish(request))));
  } catch (failure) {
    run.state = isCancellation(failure) ? 'cancelled' : 'failed';
    await run.close(run.state);
    throw failure;
  }
}

/** Fails the run, so that the same compose can be signalled again after a repair. */
function unusable(code: string, message: string): ApplicationFailure {
  const next = 'Check [composes] in the configuration, then signal the compose again.';
  const details: FailureDetails = { code, class: 'refused', next };
  const type = EC2_SERVICE_EXCEPTION;
  return ApplicationFailure.create({ type, message, nonRetryable: true, details: [details] });
}
