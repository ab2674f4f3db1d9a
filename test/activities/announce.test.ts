import assert from 'node:assert/strict';
import { DefaultLogger } from '@temporalio/worker';
import { MockActivityEnvironment } from '@temporalio/testing';
import { announce } from '../../src/activities/announce.js';
import type { AnnounceReport } from '../../src/activities/shapes/message.js';
import type { ActivityContext } from '../../src/activities/attempt/context.js';
import type { BrokerFault } from '../../src/messaging/errors.js';
import { BrokerError } from '../../src/messaging/errors.js';
import type { Announcement } from '../../src/model/progress/announcement.js';

const BATCH = ['a', 'b', 'c', 'd'].map((key): Announcement => ({
  topic: 'image.upload',
  key,
  body: {},
}));

/** Sends the batch to a broker that has its own way with some keys; returns what arrived, too. */
async function send(
  faults: Readonly<Record<string, BrokerFault>>,
  onSend: (key: string) => void = () => undefined,
): Promise<{ readonly report: AnnounceReport; readonly arrived: string[] }> {
  const arrived: string[] = [];
  const context = {
    send: ({ key }: Announcement): Promise<void> => {
      onSend(key);
      const fault = faults[key];
      if (fault !== undefined) return Promise.reject(new BrokerError(fault, `${fault} ${key}`));
      arrived.push(key);
      return Promise.resolve();
    },
  } as unknown as ActivityContext;
  const environment = new MockActivityEnvironment(
    {},
    { logger: new DefaultLogger('ERROR', () => undefined) },
  );
  const report = await environment.run<[], AnnounceReport, () => Promise<AnnounceReport>>(() =>
    announce(context, BATCH),
  );
  return { report, arrived };
}

describe('a batch of messages', () => {
  it('is sent in its order', async () => {
    const { report, arrived } = await send({});
    assert.deepEqual(arrived, ['a', 'b', 'c', 'd']);
    assert.deepEqual(report, { handled: 4, refused: [] });
  });

  it('ends where an outage begins: what was sent before is not sent again, what comes behind does not overtake', async () => {
    const { report, arrived } = await send({ c: 'unreachable' });
    assert.deepEqual(arrived, ['a', 'b']);
    assert.deepEqual(report, { handled: 2, refused: [] });
  });

  it('is tried again as a whole when its first message meets an outage', async () => {
    for (const fault of ['unreachable', 'blocked', 'returned', 'unconfirmed'] as const) {
      await assert.rejects(send({ a: fault }), (error) => error instanceof BrokerError);
    }
  });

  it('does not begin again and again at a slow broker: what it has is put on the record', async () => {
    const now = performance.now.bind(performance);
    let lateMs = 0;
    performance.now = () => now() + lateMs;
    try {
      const { report, arrived } = await send({}, (key) => (lateMs += key === 'b' ? 21_000 : 0));
      assert.deepEqual(arrived, ['a', 'b']);
      assert.deepEqual(report, { handled: 2, refused: [] });
      const late = await send({}, () => (lateMs += 21_000));
      assert.deepEqual(late.arrived, ['a'], 'each batch moves on');
    } finally {
      performance.now = now;
    }
  });

  it('goes on after a message that the broker finally refuses, and reports it', async () => {
    const { report, arrived } = await send({ a: 'refused', c: 'invalid' });
    assert.deepEqual(arrived, ['b', 'd']);
    assert.equal(report.handled, 4);
    assert.deepEqual(report.refused, [
      'image.upload (a): refused a',
      'image.upload (c): invalid c',
    ]);
  });
});
