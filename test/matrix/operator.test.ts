/** The operator's acts under each fault of their delivery: six acts by five faults, on the real server. */

import assert from 'node:assert/strict';
import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import type { Payload } from '@temporalio/common';
import { NativeConnection } from '@temporalio/worker';
import { testTemporal } from '../support/temporal.js';
import { until } from '../support/until.js';
import type { Act } from './operator-acts.js';
import { ACTS, BY, Run } from './operator-acts.js';

const FAULTS = {
  'no worker is alive when it is sent': workerIsDead,
  'its answer is lost': answerIsLost,
  'the workflow task that carries it fails': taskFails,
  'it is sent twice': isSentTwice,
  'the run has closed before': isClosedBefore,
} as const;

async function workerIsDead(run: Run, { send, action, end }: Act): Promise<void> {
  await run.stopWorker();
  run.repair();
  const sent = send(run.handle);
  await run.startWorker();
  await sent;
  await end(run);
  assert.equal(await run.recorded(action), 1);
}

/** The operator runs the command again, which may find that the act is done. */
async function answerIsLost(run: Run, { send, action, end }: Act): Promise<void> {
  run.repair();
  const { connection } = run.handle.client;
  const lost = new AbortController();
  const sent = connection.withAbortSignal(lost.signal, () => send(run.handle));
  await Promise.race([
    until('the act', async () => (await run.recorded(action)) > 0),
    sent.catch(() => undefined),
  ]);
  lost.abort();
  await sent.catch(() => undefined);
  await answered(send(run.handle));
  await end(run);
  assert.equal(await run.recorded(action), action === 'cancel' ? await cancels(run) : 1);
}

async function taskFails(run: Run, { send, action, end }: Act): Promise<void> {
  await run.stopWorker();
  run.repair();
  const sent = send(run.handle);
  let failures = 0;
  const codec = {
    encode: (payloads: Payload[]) => Promise.resolve(payloads),
    decode: (payloads: Payload[]) => {
      const isAct = payloads.some(({ data }) => Buffer.from(data ?? []).includes(BY.by));
      if (isAct && failures === 0) {
        failures += 1;
        return Promise.reject(new Error('the task that carries the act fails'));
      }
      return Promise.resolve(payloads);
    },
  };
  await run.startWorker({ dataConverter: { payloadCodecs: [codec] } });
  await sent;
  await end(run);
  assert.equal(failures, 1);
  assert.equal(await run.recorded(action), 1);
}

async function isSentTwice(run: Run, { send, action, end }: Act): Promise<void> {
  run.repair();
  await send(run.handle);
  await answered(send(run.handle));
  await end(run);
  assert.equal(await run.recorded(action), action === 'cancel' ? await cancels(run) : 1);
}

async function isClosedBefore(run: Run, act: Act): Promise<void> {
  run.repair();
  await act.send(run.handle);
  await act.end(run);
  const before = [...run.fake.calls];
  await assert.rejects(act.send(run.handle), WorkflowNotFoundError);
  assert.deepEqual(run.fake.calls, before);
}

/** A repeat is answered: that nothing changed, that it makes no sense any more, or that the run has closed. */
async function answered(sent: Promise<unknown>): Promise<void> {
  try {
    const answer = (await sent) as { changed: boolean } | undefined;
    if (answer !== undefined) assert.equal(answer.changed, false);
  } catch (error) {
    const isAnswer =
      error instanceof WorkflowUpdateFailedError || error instanceof WorkflowNotFoundError;
    assert(isAnswer, String(error));
  }
}

/** Each note of a cancel that came before the run closed is on record; the cancel itself is one. */
async function cancels(run: Run): Promise<number> {
  const count = await run.recorded('cancel');
  assert(count === 1 || count === 2, String(count));
  return count;
}

/** Like the other cells: all with FEDIMG_MATRIX=cells, else each act and each fault at least once. */
const ALL = process.env['FEDIMG_MATRIX'] === 'cells';

for (const [row, [fault, carryOut]] of Object.entries(FAULTS).entries()) {
  describe(`an act of the operator when ${fault}`, () => {
    const chosen = Object.entries(ACTS).filter((_act, column) => ALL || column % 5 === row);
    for (const [name, act] of chosen) {
      it(`${name} has one effect`, async () => {
        const { server, client } = await testTemporal();
        const connection = await NativeConnection.connect({ address: server.address });
        const run = new Run(act, { client: client.workflow, connection });
        try {
          await run.startWorker();
          await run.start();
          await act.before(run);
          await carryOut(run, act);
        } finally {
          await run.stopWorker();
          await connection.close();
        }
      });
    }
  });
}
