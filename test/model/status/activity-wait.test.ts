import assert from 'node:assert/strict';
import { standsStill, waitOf } from '../../../src/model/status/activity-wait.js';
import type { Heartbeat } from '../../../src/model/progress/heartbeat.js';

const NOW_MS = Date.parse('2026-11-22T14:02:20.000Z');
const agoMs = (seconds: number): number => NOW_MS - seconds * 1_000;
const ago = (seconds: number): string => new Date(agoMs(seconds)).toISOString();

const started = {
  attempt: 1,
  heartbeat: null,
  lastFailure: null,
  nextAttemptAt: null,
  isStarted: true,
  startedMs: agoMs(60),
  beatMs: agoMs(2),
  scheduledMs: agoMs(61),
};
const refused = {
  type: 'EC2UtilityException',
  message: 'connection refused',
  class: 'unreachable',
} as const;
const download = (movedAt: string): Heartbeat => ({
  ...{ version: 1, kind: 'write', phase: 'download', bytes: 512, totalBytes: 2048, movedAt },
});

describe('why an activity is not done yet', () => {
  it('is the failure of the attempt before, with the time of the next try, while it waits for that', () => {
    const pending = { ...started, isStarted: false, attempt: 3, lastFailure: refused };
    const scheduledMs = NOW_MS + 9_000;
    const nextAttemptAt = new Date(scheduledMs).toISOString();
    const wait = waitOf({ ...pending, scheduledMs, nextAttemptAt }, NOW_MS);
    assert.deepEqual(wait, {
      kind: 'retry',
      reason: 'connection refused',
      class: 'unreachable',
      region: null,
      stillSince: ago(60),
      nextTryAt: nextAttemptAt,
    });
  });

  it('is still that failure when the new attempt has got no further', () => {
    const heartbeat = download(ago(90));
    const wait = waitOf({ ...started, attempt: 2, lastFailure: refused, heartbeat }, NOW_MS);
    assert.match(wait.reason, /connection refused/);
    assert.equal(wait.stillSince, ago(90));
    const further = download(ago(3));
    const moving = waitOf(
      { ...started, attempt: 2, lastFailure: refused, heartbeat: further },
      NOW_MS,
    );
    assert.equal(moving.kind, 'moving');
  });

  it('is what the attempt itself reports as being in its way', () => {
    const obstacle = { class: 'throttled', message: 'EC2 throttles', region: 'sa-east-1' } as const;
    const times = { since: ago(40), nextTryAt: ago(-20) };
    const heartbeat = { ...download(ago(70)), obstacle: { ...obstacle, ...times } };
    const wait = waitOf({ ...started, heartbeat }, NOW_MS);
    assert.equal(wait.kind, 'obstacle');
    assert.equal(wait.reason, 'EC2 throttles');
    assert.equal(wait.region, 'sa-east-1');
    assert.equal(wait.stillSince, ago(70));
    assert.equal(wait.nextTryAt, ago(-20));
  });

  it('is not what an earlier attempt reported before its worker stopped', () => {
    const obstacle = { class: 'unreachable', message: 'the image server is dead' } as const;
    const beat = { ...download(ago(90)), attempt: 1, obstacle: { ...obstacle, since: ago(90) } };
    const lastFailure = { type: 'Timeout', message: 'the worker of this activity stopped' };
    const wait = waitOf({ ...started, attempt: 2, heartbeat: beat, lastFailure }, NOW_MS);
    assert.match(wait.reason, /the worker of this activity stopped/);
  });

  it('is the percentage that AWS reports', () => {
    const heartbeat = { version: 1, kind: 'wait', phase: 'snapshot copy', percent: 43 } as const;
    const wait = waitOf({ ...started, heartbeat: { ...heartbeat, movedAt: ago(600) } }, NOW_MS);
    assert.equal(wait.kind, 'waiting');
    assert.equal(wait.reason, 'waits for snapshot copy, AWS reports 43%');
    assert.equal(wait.stillSince, ago(600));
  });

  it('is the missing worker when no worker takes it, or when its worker is silent', () => {
    const untaken = { ...started, isStarted: false, startedMs: undefined, beatMs: undefined };
    assert.match(waitOf(untaken, NOW_MS).reason, /no worker has taken it for 61 s/);
    assert.equal(waitOf(untaken, NOW_MS).kind, 'worker');
    const silent = waitOf({ ...started, beatMs: agoMs(21) }, NOW_MS);
    assert.match(silent.reason, /its worker has been silent for 21 s; .* after 30 s/);
  });

  it('lets no rate stand beside bytes that stand still', () => {
    const moving = waitOf({ ...started, heartbeat: download(ago(10)) }, NOW_MS);
    assert.equal(standsStill(moving, NOW_MS), false);
    assert.equal(standsStill(moving, NOW_MS + 21_000), true);
    const obstructed = {
      ...download(ago(1)),
      obstacle: { class: 'unreachable', message: 'x', since: ago(1) } as const,
    };
    assert.equal(standsStill(waitOf({ ...started, heartbeat: obstructed }, NOW_MS), NOW_MS), true);
  });
});
