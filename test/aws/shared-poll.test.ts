import assert from 'node:assert/strict';
import { LookTimes } from '../../src/aws/look-times.js';
import { SharedPoll } from '../../src/aws/shared-poll.js';
import { systemClock } from '../../src/aws/system-clock.js';
import { VirtualClock } from '../support/virtual-clock.js';

const never = new AbortController().signal;

function recording(answer: (ids: readonly string[]) => ReadonlyMap<string, string>) {
  const asked: string[][] = [];
  const poll = new SharedPoll<string>({
    clock: systemClock,
    times: new LookTimes({ intervalMs: 5, isFixed: true }),
    answerMsMax: 10_000,
    idsMax: 100,
    describe: (ids) => {
      asked.push([...ids]);
      return Promise.resolve(answer(ids));
    },
  });
  return { asked, poll };
}

const whenDone = (state: string | undefined) => (state === 'done' ? state : undefined);

describe('waiting in a region', () => {
  it('asks once for all who wait, so that calls do not grow with images', async () => {
    let rounds = 0;
    const { asked, poll } = recording((ids) => {
      rounds += 1;
      return new Map(ids.map((id) => [id, rounds < 3 ? 'pending' : 'done']));
    });
    const ids = Array.from({ length: 50 }, (_, index) => `snap-${index}`);
    await Promise.all(ids.map((id) => poll.wait(id, whenDone, new AbortController().signal)));
    assert.equal(asked.length, 3);
    assert(
      asked.every((batch) => batch.length === 50),
      JSON.stringify(asked),
    );
  });

  it('stops asking when the last wait has ended', async () => {
    const { asked, poll } = recording(() => new Map());
    const controller = new AbortController();
    const waiting = poll.wait('snap-1', whenDone, controller.signal);
    controller.abort(new Error('cancelled'));
    await assert.rejects(waiting, /cancelled/);
    await poll.wait('snap-2', () => 'seen', never);
    assert.deepEqual(asked.at(-1), ['snap-2']);
  });

  it('goes on after throttling, and fails all waits when AWS refuses', async () => {
    const problems = ['RequestLimitExceeded', 'ECONNRESET', 'UnauthorizedOperation'];
    const poll = new SharedPoll<string>({
      clock: systemClock,
      times: new LookTimes({ intervalMs: 1, isFixed: true }),
      answerMsMax: 10_000,
      idsMax: 10,
      describe: () => {
        const name = problems.shift() ?? '';
        const status = name === 'UnauthorizedOperation' ? { httpStatusCode: 403 } : {};
        const failure = Object.assign(new Error(name), { name, $metadata: status });
        return Promise.reject(failure);
      },
    });
    const waits = ['a', 'b'].map((id) => poll.wait(id, whenDone, never));
    const settled = await Promise.allSettled(waits);
    assert.deepEqual(
      settled.map((one) => one.status === 'rejected' && (one.reason as Error).name),
      ['UnauthorizedOperation', 'UnauthorizedOperation'],
    );
  });

  it('asks a region that throttles less and less often, and as before when it is well again', async () => {
    const askedAtMs: number[] = [];
    const poll = new SharedPoll<string>({
      clock: systemClock,
      times: new LookTimes({ intervalMs: 20, isFixed: true }),
      answerMsMax: 10_000,
      idsMax: 10,
      describe: () => {
        askedAtMs.push(performance.now());
        if (askedAtMs.length > 3) return Promise.resolve(new Map([['a', 'done']]));
        const name = 'RequestLimitExceeded';
        return Promise.reject(Object.assign(new Error(name), { name, $metadata: {} }));
      },
    });
    await poll.wait('a', whenDone, never);
    const gaps = askedAtMs.slice(1).map((atMs, index) => atMs - (askedAtMs[index] ?? 0));
    // A timer is never early by more than a millisecond; a busy machine only makes it later.
    assert(
      gaps.every((gapMs, index) => gapMs > 20 * 2 ** (index + 1) - 2),
      gaps.join(' '),
    );
  });

  it('reports how long an id has been missing, because EC2 may list it late', async () => {
    const { poll } = recording(() => new Map());
    const seen: number[] = [];
    await poll.wait(
      'i-1',
      (state, missingMs) => {
        assert.equal(state, undefined);
        seen.push(missingMs);
        return missingMs > 20 ? true : undefined;
      },
      never,
    );
    assert.equal(seen[0], 0);
  });
});

describe('waits that are looked at by what is expected', () => {
  const NEVER = new AbortController().signal;

  function expecting(tookMs: number) {
    const clock = new VirtualClock({ jumps: true });
    const askedMs: number[] = [];
    const beganMs = clock.elapsed();
    const startedAt = new Date(clock.now());
    const poll = new SharedPoll<{ readonly percent: number }>({
      clock,
      times: new LookTimes({ intervalMs: 5_000, isFixed: false }),
      answerMsMax: 10_000,
      idsMax: 100,
      describe: (ids) => {
        const elapsedMs = clock.elapsed() - beganMs;
        askedMs.push(elapsedMs);
        const percent = Math.min(100, Math.floor((100 * elapsedMs) / tookMs));
        return Promise.resolve(new Map(ids.map((id) => [id, { percent }])));
      },
    });
    const wait = (id: string) =>
      poll.wait(id, (state) => (state?.percent === 100 ? true : undefined), NEVER, {
        kind: 'snapshot-copy',
        progressOf: ({ percent }) => ({ percent, startedAt }),
      });
    return { clock, askedMs, wait };
  }

  it('cost a few calls for a copy of ten minutes, however many copies there are', async () => {
    const { askedMs, wait } = expecting(600_000);
    await Promise.all(['snap-1', 'snap-2', 'snap-3'].map(wait));
    assert(askedMs.length <= 6, askedMs.join(' '));
    assert((askedMs.at(-1) ?? 0) < 620_000, askedMs.join(' '));
  });

  it('are looked at together: a wait that joins late is in the rounds of the others', async () => {
    const { clock, askedMs, wait } = expecting(600_000);
    const first = wait('snap-1');
    await clock.delay(300_000);
    await Promise.all([first, wait('snap-2')]);
    assert(askedMs.length <= 8, askedMs.join(' '));
  });
});
