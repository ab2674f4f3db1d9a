import assert from 'node:assert/strict';
import type { ObstacleSink } from '../../src/aws/obstacles.js';
import { obstacleSink, reportingObstacles } from '../../src/aws/obstacles.js';
import { SharedAnswer } from '../../src/aws/shared-answer.js';
import { steppedClock } from './stepped-clock.js';

const never = new AbortController().signal;

/** A region that answers when it is told to; the n-th question is the n-th of `asked`. */
function region({ isKept }: { isKept?: (answer: string) => boolean } = {}) {
  const clock = steppedClock();
  const asked: (PromiseWithResolvers & { readonly signal: AbortSignal })[] = [];
  const shared = new SharedAnswer<string>({
    ...{ clock, keptMs: 60_000 },
    ask: (signal) => {
      const question = withResolvers();
      asked.push({ ...question, signal });
      return question.promise;
    },
    ...(isKept === undefined ? {} : { isKept }),
  });
  return { clock, asked, shared };
}

interface PromiseWithResolvers {
  readonly promise: Promise<string>;
  readonly resolve: (answer: string) => void;
  readonly reject: (error: Error) => void;
}

/** Node 20 has no `Promise.withResolvers`. */
function withResolvers(): PromiseWithResolvers {
  let resolvers: Omit<PromiseWithResolvers, 'promise'> | undefined;
  const promise = new Promise<string>((resolve, reject) => {
    resolvers = { resolve, reject };
  });
  assert(resolvers, 'no resolvers');
  return { promise, ...resolvers };
}

describe('a fact of a region that many plans ask for', () => {
  it('is asked once for 16 images that are planned together: EC2 throttles 528 questions', async () => {
    const { asked, shared } = region();
    const answers = Array.from({ length: 16 }, () => shared.get(new AbortController().signal));
    asked[0]?.resolve('5 allowed');
    assert.deepEqual(new Set(await Promise.all(answers)), new Set(['5 allowed']));
    assert.equal(await shared.get(never), '5 allowed');
    assert.equal(asked.length, 1);
  });

  it('is asked again a minute later', async () => {
    const { clock, asked, shared } = region();
    const first = shared.get(never);
    asked[0]?.resolve('old');
    await first;
    await clock.delay(60_000);
    const second = shared.get(never);
    asked[1]?.resolve('new');
    assert.equal(await second, 'new');
  });

  it('is asked again at once where it stood in the way: the operator may have mended it', async () => {
    const { asked, shared } = region({ isKept: (answer) => answer !== 'blocked' });
    const first = shared.get(never);
    asked[0]?.resolve('blocked');
    assert.equal(await first, 'blocked');
    const second = shared.get(never);
    asked[1]?.resolve('open');
    assert.equal(await second, 'open');
  });

  it('is asked again when it was forgotten', async () => {
    const { asked, shared } = region();
    const first = shared.get(never);
    asked[0]?.resolve('no room');
    await first;
    shared.forget();
    const second = shared.get(never);
    asked[1]?.resolve('room');
    assert.equal(await second, 'room');
  });

  it('is not kept when it was asked before AMIs became public, and came after', async () => {
    const { asked, shared } = region();
    const first = shared.get(never);
    shared.forget();
    const second = shared.get(never);
    asked[1]?.resolve('4 public');
    assert.equal(await second, '4 public');
    asked[0]?.resolve('0 public');
    assert.equal(await first, '0 public');
    assert.equal(await shared.get(never), '4 public');
  });

  it('fails for all that wait when AWS fails, and is asked again by the next', async () => {
    const { asked, shared } = region();
    const answers = [shared.get(never), shared.get(never)];
    asked[0]?.reject(new Error('throttled'));
    for (const answer of answers) await assert.rejects(answer, /throttled/);
    const next = shared.get(never);
    asked[1]?.resolve('fine');
    assert.equal(await next, 'fine');
  });

  it('still comes to the others when the run that asked first is cancelled', async () => {
    const { asked, shared } = region();
    const cancel = new AbortController();
    const first = shared.get(cancel.signal);
    const second = shared.get(never);
    cancel.abort(new Error('cancelled'));
    await assert.rejects(first, /cancelled/);
    assert.equal(asked[0]?.signal.aborted, false);
    asked[0]?.resolve('fine');
    assert.equal(await second, 'fine');
    assert.equal(asked.length, 1);
  });

  it('is given up when all runs that wait are cancelled, and asked anew by the next', async () => {
    const { asked, shared } = region();
    const cancel = new AbortController();
    const waiting = [shared.get(cancel.signal), shared.get(cancel.signal)];
    cancel.abort(new Error('cancelled'));
    for (const one of waiting) await assert.rejects(one, /cancelled/);
    assert.equal(asked[0]?.signal.aborted, true);
    const next = shared.get(never);
    asked[1]?.resolve('fine');
    assert.equal(await next, 'fine');
  });

  it('tells all that wait what holds it up', async () => {
    const clock = steppedClock();
    const answer = withResolvers();
    const shared = new SharedAnswer<string>({
      ...{ clock, keptMs: 60_000 },
      ask: async () => {
        const text = await answer.promise;
        obstacleSink()?.('GetServiceQuota', { class: 'throttled', message: 'throttled' });
        return text;
      },
    });
    const told: string[] = [];
    const sinkOf =
      (name: string): ObstacleSink =>
      (_what, hindrance) =>
        told.push(`${name}: ${hindrance?.message}`);
    const waiting = ['first image', 'second image'].map((name) =>
      reportingObstacles(sinkOf(name), () => shared.get(never)),
    );
    answer.resolve('fine');
    await Promise.all(waiting);
    assert.deepEqual(told, ['first image: throttled', 'second image: throttled']);
  });
});
