/** The version of a worker in its environment: what Temporal would refuse must stop the worker with a reason. */

import assert from 'node:assert/strict';
import { workerVersion, WorkerVersionError } from '../../src/worker-version.js';

describe('the version of a worker', () => {
  it('is none without a build id, so that one worker serves a small installation', () => {
    assert.equal(workerVersion({}, 'fedimg'), undefined);
    assert.equal(workerVersion({ FEDIMG_BUILD_ID: '' }, 'fedimg'), undefined);
  });

  it('has the name of the deployment, unless the environment has another', () => {
    const env = { FEDIMG_BUILD_ID: '0.1.0' };
    const named = { deploymentName: 'fedimg', buildId: '0.1.0' };
    assert.deepEqual(workerVersion(env, 'fedimg'), named);
    const other = workerVersion({ ...env, TEMPORAL_DEPLOYMENT_NAME: 'images' }, 'fedimg');
    assert.deepEqual(other, { ...named, deploymentName: 'images' });
  });

  it("is that of Temporal's Worker Controller for Kubernetes", () => {
    const env = { TEMPORAL_WORKER_BUILD_ID: 'a1b2', TEMPORAL_DEPLOYMENT_NAME: 'k8s-images' };
    const version = { deploymentName: 'k8s-images', buildId: 'a1b2' };
    assert.deepEqual(workerVersion(env, 'fedimg'), version);
    const both = { ...env, FEDIMG_BUILD_ID: 'own' };
    assert.equal(workerVersion(both, 'fedimg')?.buildId, 'own');
  });

  it('stops the worker when Temporal would refuse it', () => {
    const refused: readonly [NodeJS.ProcessEnv, string, RegExp][] = [
      [{ TEMPORAL_DEPLOYMENT_NAME: 'images' }, 'fedimg', /no build id/],
      [{ FEDIMG_BUILD_ID: '1' }, 'fedimg.stg', /fedimg\.stg cannot be the name/],
      [
        { FEDIMG_BUILD_ID: '1', TEMPORAL_DEPLOYMENT_NAME: '__x' },
        'fedimg',
        /__x cannot be the name/,
      ],
      [{ FEDIMG_BUILD_ID: 'a:b' }, 'fedimg', /a:b cannot be a build id/],
    ];
    for (const [env, deployment, message] of refused) {
      assert.throws(
        () => workerVersion(env, deployment),
        (error) =>
          error instanceof WorkerVersionError &&
          message.test(error.message) &&
          error.next.startsWith('Set '),
      );
    }
  });
});
