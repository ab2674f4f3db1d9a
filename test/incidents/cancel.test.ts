import assert from 'node:assert/strict';
import { WorkflowFailedError } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import { imageProgressQuery } from '../../src/contract.js';
import type { Step } from '../../src/model/progress/progress.js';
import { assertNoMachineLeft, assertNothingLeft } from '../support/expectations.js';
import type { LocalPublisher } from '../support/local-publisher.js';
import { withPublisher } from '../support/local-publisher.js';
import type { OneImage } from '../support/one-image.js';
import { callCount, oneImage } from '../support/one-image.js';
import { testedCloud, testedImage } from '../support/tested-cloud.js';
import { until } from '../support/until.js';

const TWO_REGIONS = ['regions = ["us-east-1", "eu-west-1"]'];

type Hold = (publisher: LocalPublisher, one: OneImage) => Promise<void> | void;

const FOREVER = 600_000;

/** What holds the run in each step, until it is cancelled. */
const HOLDS: readonly [Step, Hold][] = [
  ['plan', (publisher, { path }) => publisher.server.setFault(path, { delayMs: 30_000 })],
  ['utility', (publisher) => publisher.setFaults([stuck('RunInstances')])],
  ['write', (publisher, { path }) => publisher.server.setFault(path, { bytesPerSecond: 20_000 })],
  ['register', (publisher) => publisher.setFaults([stuck('RegisterImage')])],
  // The test's instance, which is launched beside it.
  [
    'retire',
    (publisher) => publisher.setFaults([{ ...stuck('RunInstances', 0), instanceType: 't3.small' }]),
  ],
  ['test', () => undefined],
  ['copy', (publisher) => publisher.setFaults([stuck('CopySnapshot')])],
  ['publish', (publisher) => publisher.setFaults([refused('ModifyImageAttribute')])],
];

function stuck(action: string, count = 1) {
  return { action, kind: 'stuck', forMs: FOREVER, count } as const;
}

/** Errors that are tried again, for ever. */
function refused(action: string) {
  return { action, kind: 'error', count: 0 } as const;
}

describe('a run that somebody cancels in the Temporal UI', () => {
  it('leaves no resource, in each of the eight steps', async () => {
    // Side by side, for most of it is waiting.
    const ends = await Promise.allSettled(HOLDS.map((held) => cancelIn(...held)));
    const wrong = ends.flatMap((end, index) =>
      end.status === 'rejected' ? [`${HOLDS[index]?.[0]}: ${String(end.reason)}`] : [],
    );
    assert.deepEqual(wrong, []);
  });

  it('keeps what was public by then, and removes the rest', async () => {
    await withPublisher({ publish: TWO_REGIONS, cloud: testedCloud }, async (publisher) => {
      const { request } = await testedImage(publisher);
      await publisher.setFaults([{ ...refused('ModifyImageAttribute'), region: 'eu-west-1' }]);
      const handle = await publisher.publish(request);
      await until(
        'home is public, the other region is not',
        async () => (await callCount(publisher, 'ModifyImageAttribute', 'eu-west-1')) > 0,
      );
      await handle.cancel();
      await assert.rejects(handle.result());
      const alive = await publisher.resources();
      assert(
        alive.every((one) => one.public && one.region === 'us-east-1'),
        JSON.stringify(alive),
      );
      assert.equal(alive.length, 5, 'four AMIs and their snapshot');
      await assertNoMachineLeft(publisher);
    });
  });
});

async function cancelIn(step: Step, hold: Hold): Promise<void> {
  const testScript = `#!/bin/bash\n${step === 'test' ? 'sleep 600' : 'true'}\n`;
  const isBehindTests = step === 'copy' || step === 'publish';
  const cloud = isBehindTests ? { cloud: testedCloud } : {};
  await withPublisher({ testScript, publish: TWO_REGIONS, ...cloud }, async (publisher) => {
    const one = await (isBehindTests ? testedImage : oneImage)(publisher);
    await hold(publisher, one);
    const handle = await publisher.publish(one.request);
    await until(step, async () => {
      try {
        return (await handle.query(imageProgressQuery)).steps[step].state === 'running';
      } catch {
        // Its first task is not done yet.
        return false;
      }
    });
    await handle.cancel();
    await assert.rejects(handle.result(), (error) => {
      assert(error instanceof WorkflowFailedError, String(error));
      return error.cause instanceof CancelledFailure;
    });
    assert.equal((await handle.describe()).status.name, 'CANCELLED');
    await assertNothingLeft(publisher);
  });
}
