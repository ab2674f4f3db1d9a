import assert from 'node:assert/strict';
import { SendCommandCommand, SSMClient } from '@aws-sdk/client-ssm';
import { holdDownload } from '../support/held-download.js';
import type { LocalPublisher } from '../support/local-publisher.js';
import { withPublisher } from '../support/local-publisher.js';
import {
  assertPublishedOnce,
  callCount,
  INSTANCES_PER_IMAGE,
  oneImage,
} from '../support/one-image.js';
import { pendingWrite } from '../support/pending-write.js';
import { until } from '../support/until.js';
import { withWorkers } from '../support/worker-process.js';

const REGIONS = ['us-east-1', 'eu-west-1', 'us-east-2'];

async function assertUndone(publisher: LocalPublisher, times: number): Promise<void> {
  for (const action of ['TerminateInstances', 'DeleteVolume', 'CancelCommand']) {
    assert.equal(await callCount(publisher, action), times, action);
  }
}

/** What the timer of user-data does when it fires. */
async function firesDeadManTimer({ simulator, resources }: LocalPublisher): Promise<void> {
  const { url: endpoint, credentials } = simulator;
  const ssm = new SSMClient({ endpoint, credentials, region: 'us-east-1' });
  const InstanceIds = (await resources()).flatMap(({ type, id }) =>
    type === 'instance' ? id : [],
  );
  const Parameters = { commands: ['shutdown -P now'] };
  await ssm.send(
    new SendCommandCommand({ DocumentName: 'AWS-RunShellScript', InstanceIds, Parameters }),
  );
  ssm.destroy();
}

describe('a worker that is stopped', () => {
  it('hands its work over at once: no undo, no second download, no wait for a heartbeat', async () => {
    for (let rounds = 3; rounds > 0; rounds -= 1) if (await handsOver()) return;
    assert.fail('each time the first worker had lost its work before it was stopped');
  });

  /** False when a machine that stood still had given the work away before the stop, which proves nothing. */
  async function handsOver(): Promise<boolean> {
    return await withPublisher({ worker: false }, async (publisher) => {
      const one = await oneImage(publisher);
      const download = holdDownload(publisher, one);
      return await withWorkers(publisher, async (start) => {
        const first = start();
        const handle = await publisher.publish(one.request);
        // Only the first can have taken the write.
        await download.reached();
        await start().ready;
        if ((await pendingWrite(handle)).attempt !== 1) {
          await handle.terminate('another round');
          return false;
        }
        await first.stop();
        await assertUndone(publisher, 0);
        let write = await pendingWrite(handle);
        await until('the next attempt', async () => {
          write = await pendingWrite(handle);
          return write.isRunning;
        });
        const { attempt = 0, failure, nextRetryDelayMs } = write;
        // While it stops it may take the next attempt as well, and hands that over, too.
        assert(attempt > 1, `attempt ${attempt}`);
        // It would be a time-out if the heartbeat had been waited for.
        assert.equal(failure, 'WorkerShutdown');
        assert(
          nextRetryDelayMs !== undefined && nextRetryDelayMs <= 1_000,
          `${nextRetryDelayMs} ms`,
        );
        download.release();
        assert.equal((await handle.result()).outcome, 'published');
        await assertPublishedOnce(publisher, REGIONS);
        assert.equal(await callCount(publisher, 'RunInstances'), INSTANCES_PER_IMAGE);
        const { bytes } = publisher.server.requests(one.path);
        assert(bytes < one.image.sizeBytes * 1.5, 'downloaded once');
        return true;
      });
    });
  }

  it('for as long as the whole write takes finds it done when it is back', async () => {
    await withPublisher({ worker: false }, async (publisher) => {
      const one = await oneImage(publisher);
      const download = holdDownload(publisher, one);
      const stop = await publisher.startWorker();
      const handle = await publisher.publish(one.request);
      await download.reached();
      await stop();
      download.release();
      await until(
        'the instance downloads on',
        () => publisher.server.requests(one.path).bytes >= one.image.sizeBytes,
      );
      const stopNext = await publisher.startWorker();
      const result = await handle.result();
      await stopNext();
      assert.equal(result.outcome, 'published');
      await assertPublishedOnce(publisher, REGIONS);
      assert.equal(await callCount(publisher, 'RunInstances'), INSTANCES_PER_IMAGE);
    });
  });

  it('until the instance has ended itself makes a new pair, and publishes', async () => {
    await withPublisher({ worker: false }, async (publisher) => {
      const one = await oneImage(publisher);
      const download = holdDownload(publisher, one);
      const stop = await publisher.startWorker();
      const handle = await publisher.publish(one.request);
      await download.reached();
      await stop();
      await firesDeadManTimer(publisher);
      await until('the instance is gone', async () => (await publisher.resources()).length === 0);
      await assertUndone(publisher, 0);
      publisher.server.setFault(one.path, undefined);
      download.release();
      const stopNext = await publisher.startWorker();
      const result = await handle.result();
      await stopNext();
      assert.equal(result.outcome, 'published');
      assert.equal(result.rawSha256, one.image.rawSha256);
      await assertPublishedOnce(publisher, REGIONS);
      assert.equal(
        await callCount(publisher, 'RunInstances'),
        INSTANCES_PER_IMAGE + 1,
        'a second utility instance',
      );
    });
  });
});
