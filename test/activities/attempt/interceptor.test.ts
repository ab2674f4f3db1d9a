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
import { AttemptInterceptor } from '../../../src/activities/attempt/interceptor.js';
import type { FailureDetails } from '../../../src/model/errors.js';
import { EC2_SERVICE_EXCEPTION, ServiceError } from '../../../src/model/errors.js';

function attempts(): MockActivityEnvironment {
  return new MockActivityEnvironment(
    { attempt: 9 },
    {
      logger: new DefaultLogger('ERROR'),
      interceptors: [(context) => ({ inbound: new AttemptInterceptor(context, { scale: 1 }) })],
    },
  );
}

/** What an activity ends with that waits in the SDK when it is told to end. */
async function endedBy(reason: string, details: Partial<ActivityCancellationDetails>) {
  const environment = attempts();
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

describe('an activity that must end', () => {
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

describe('an activity of another deployment that came to this worker', () => {
  const runOn = (deployment: string, workflowId: string): Promise<string> =>
    new MockActivityEnvironment(
      { workflowExecution: { workflowId, runId: 'run' } },
      {
        logger: new DefaultLogger('ERROR'),
        interceptors: [
          (context) => ({ inbound: new AttemptInterceptor(context, { scale: 1, deployment }) }),
        ],
      },
    ).run(() => Promise.resolve('done'));

  it('is not done with the account of this worker, and is tried again by its own', async () => {
    const foreign: [deployment: string, workflowId: string][] = [
      ['staging', 'compose/Fedora-Cloud-43-20251021.0'],
      ['fedimg', 'staging/image/Fedora-Cloud-43-20251021.0/Cloud_Base/x86_64'],
    ];
    for (const [deployment, workflowId] of foreign) {
      await assert.rejects(runOn(deployment, workflowId), (error) => {
        assert(error instanceof ApplicationFailure, String(error));
        assert.match(error.message, /received work of .*, which belongs to deployment/);
        return error.nonRetryable !== true;
      });
    }
    assert.equal(await runOn('staging', 'staging/compose/Fedora-Cloud-43-20251021.0'), 'done');
    assert.equal(await runOn('fedimg', 'image/a/b/x86_64'), 'done');
    assert.equal(await runOn('staging', 'staging/sweep'), 'done');
  });
});

describe('an activity that fails in one of seventeen regions', () => {
  const failedIn = async (input: object | undefined, error: Error): Promise<unknown> => {
    const act = (_input: object | undefined): Promise<never> => Promise.reject(error);
    const failure: unknown = await attempts()
      .run(act, input)
      .catch((caught: unknown) => caught);
    assert(failure instanceof ApplicationFailure, String(failure));
    return (failure.details?.[0] as FailureDetails).region;
  };

  it('names its region, which not every error does', async () => {
    const error = Object.assign(new Error('An internal error has occurred'), {
      name: 'InternalError',
      $metadata: { httpStatusCode: 500 },
    });
    assert.equal(await failedIn({ regionPlan: { regionName: 'sa-east-1' } }, error), 'sa-east-1');
    assert.equal(await failedIn({ regionName: 'sa-east-1' }, error), 'sa-east-1');
    assert.equal(await failedIn(undefined, error), undefined);
  });

  it('is believed when it names another one', async () => {
    const details = { code: 'x', class: 'refused', next: 'x', region: 'us-east-1' } as const;
    const error = new ServiceError(EC2_SERVICE_EXCEPTION, 'the source is gone', details);
    assert.equal(await failedIn({ regionName: 'sa-east-1' }, error), 'us-east-1');
  });
});
