import assert from 'node:assert/strict';
import { activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity';
import {
  ActivityCancellationDetails,
  ApplicationFailure,
  ApplicationFailureCategory,
  CancelledFailure,
} from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { AttemptInterceptor } from '../../src/activities/attempt-interceptor.js';

/** What an activity ends with that waits in the SDK when it is told to end. */
async function endedBy(reason: string, details: Partial<ActivityCancellationDetails>) {
  const environment = new MockActivityEnvironment(
    { attempt: 9 },
    {
      logger: new DefaultLogger('ERROR'),
      interceptors: [(context) => ({ inbound: new AttemptInterceptor(context, { scale: 1 }) })],
    },
  );
  const running = environment.run(async () => {
    heartbeat(activityInfo().attempt);
    const signal = cancellationSignal();
    await new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () =>
        reject(Object.assign(new Error('Request aborted'), { name: 'AbortError' })),
      );
    });
  });
  environment.cancel(reason as never, new ActivityCancellationDetails(details));
  return running.then(
    () => assert.fail('it did not end'),
    (error: unknown) => error,
  );
}

describe('an activity that is told to end', () => {
  it('is handed over at once by a worker that stops, however long its retries wait by now', async () => {
    const failure = await endedBy('WORKER_SHUTDOWN', { workerShutdown: true });
    assert(failure instanceof ApplicationFailure, String(failure));
    assert.equal(failure.type, 'WorkerShutdown');
    assert.equal(failure.nonRetryable, false);
    assert.equal(failure.category, ApplicationFailureCategory.BENIGN);
    assert.equal(failure.nextRetryDelay, 100);
  });

  it('is cancelled only when somebody cancelled the run, not failed by the aborted call', async () => {
    const failure = await endedBy('CANCELLED', { cancelRequested: true });
    assert(failure instanceof CancelledFailure, String(failure));
  });
});
