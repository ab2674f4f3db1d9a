import assert from 'node:assert/strict';
import type { WaitKind } from '../../src/aws/look-times.js';
import { LookTimes } from '../../src/aws/look-times.js';

const INTERVAL_MS = 5_000;
const MINUTE_MS = 60_000;

function adaptive(): LookTimes {
  return new LookTimes({ intervalMs: INTERVAL_MS, isFixed: false });
}

interface Seen {
  /** When it was looked at, from the begin of the wait. */
  readonly atMs: number[];
  readonly lateMs: number;
}

/** Waits for an end after `tookMs`; `percentAt` is what EC2 reports meanwhile. */
function waited(
  times: LookTimes,
  kind: WaitKind,
  tookMs: number,
  percentAt: (elapsedMs: number) => number | undefined = () => undefined,
): Seen {
  const atMs: number[] = [];
  let before: number | undefined;
  let stillLooks = 0;
  let nowMs = times.firstMs(kind);
  for (atMs.push(nowMs); nowMs < tookMs; atMs.push(nowMs)) {
    const percent = percentAt(nowMs);
    stillLooks = percent !== undefined && percent === before ? stillLooks + 1 : 0;
    nowMs += times.nextMs({ kind, elapsedMs: nowMs, percent, stillLooks });
    before = percent;
    assert(atMs.length < 1_000, String(atMs.length));
  }
  times.ended(kind, nowMs);
  return { atMs, lateMs: nowMs - tookMs };
}

/** An even progress, in whole numbers. */
const even = (tookMs: number) => (elapsedMs: number) => Math.floor((100 * elapsedMs) / tookMs);

describe('the looks at a wait in EC2', () => {
  it('are few while a copy runs, and its end is seen at once: 17 regions made 857 calls for one image', () => {
    for (let minutes = 3; minutes <= 20; minutes += 0.25) {
      const tookMs = minutes * MINUTE_MS;
      const { atMs, lateMs } = waited(adaptive(), 'snapshot-copy', tookMs, even(tookMs));
      assert(atMs.length <= (minutes <= 12 ? 3 : 4), `${minutes} min: ${atMs.join(' ')}`);
      assert(lateMs <= 2 * INTERVAL_MS + tookMs * 0.02, `${minutes} min: ${lateMs} ms late`);
    }
  });

  it('are two for a copy once the region has made some: the first tells when it ends', () => {
    const times = adaptive();
    const copied = (minutes: number): Seen => {
      const tookMs = minutes * MINUTE_MS;
      return waited(times, 'snapshot-copy', tookMs, even(tookMs));
    };
    for (const minutes of [5, 8, 7, 6]) copied(minutes);
    for (const minutes of [4, 5, 6, 8, 9]) {
      const { atMs, lateMs } = copied(minutes);
      assert(atMs.length <= 2, `${minutes} min: ${atMs.join(' ')}`);
      assert(lateMs <= 2 * INTERVAL_MS + minutes * MINUTE_MS * 0.03, `${lateMs} ms late`);
    }
  });

  it('show an error within minutes, also in a region where copies take long', () => {
    const times = adaptive();
    for (let one = 0; one < 5; one += 1) times.ended('snapshot-copy', 40 * MINUTE_MS);
    const next = { kind: 'snapshot-copy', elapsedMs: 0 } as const;
    assert(times.firstMs('snapshot-copy') <= 6 * MINUTE_MS, 'its first look is late');
    assert(times.nextMs(next) <= 6 * MINUTE_MS, 'its next look is late');
  });

  it('come sooner again when a region has become quick', () => {
    const times = adaptive();
    for (let one = 0; one < 5; one += 1) times.ended('image', 80_000);
    const slow = times.firstMs('image');
    for (let one = 0; one < 40; one += 1) waited(times, 'image', 20_000);
    assert(times.firstMs('image') < 0.8 * slow, `${times.firstMs('image')} ms after ${slow} ms`);
  });

  it('leave an instance that ends alone: seven looks at each made a tenth of a run’s calls', () => {
    for (let tookS = 20; tookS <= 60; tookS += 1) {
      const { atMs } = waited(adaptive(), 'instance-ended', tookS * 1_000);
      assert(atMs.length <= 2, `${tookS} s: ${atMs.join(' ')}`);
    }
  });

  it('show an error within minutes, also when EC2 has reported a slow progress', () => {
    const times = adaptive();
    const nextMs = times.nextMs({ kind: 'snapshot-copy', elapsedMs: 90_000, percent: 1 });
    assert.equal(nextMs, 6 * MINUTE_MS);
  });

  it('go on when the progress stands still: EC2 reports it in jumps', () => {
    const tookMs = 10 * MINUTE_MS;
    const jumps = (elapsedMs: number) => (elapsedMs < 2 * MINUTE_MS ? 0 : 99);
    const { atMs, lateMs } = waited(adaptive(), 'snapshot-copy', tookMs, jumps);
    assert(atMs.length < 40, atMs.join(' '));
    assert(lateMs <= 0.05 * tookMs, `${lateMs} ms late`);
  });

  it('are quick around the moment when it is expected, for what has no progress', () => {
    for (const [kind, fromS, toS] of [
      ['image', 5, 45],
      ['instance-running', 8, 25],
      ['agent-online', 30, 130],
      ['volume', 3, 10],
    ] as const) {
      for (let tookS = fromS; tookS <= toS; tookS += 1) {
        const { atMs, lateMs } = waited(adaptive(), kind, tookS * 1_000);
        assert(atMs.length <= 16, `${kind}, ${tookS} s: ${atMs.join(' ')}`);
        // What ends before it is expected waits for the first look.
        const earlyMs = Math.max(0, (atMs[0] ?? 0) - tookS * 1_000);
        assert(lateMs <= Math.max(earlyMs, 16_000), `${kind}, ${tookS} s: ${lateMs} ms late`);
      }
    }
  });

  it('go by what waits in this region took: a slow region is asked later', () => {
    const times = adaptive();
    const first = waited(times, 'image', 80_000);
    for (let one = 0; one < 5; one += 1) waited(times, 'image', 80_000);
    const last = waited(times, 'image', 80_000);
    assert(last.atMs.length < first.atMs.length / 2, `${first.atMs.length}, ${last.atMs.length}`);
  });

  it('are never closer than the least time between two calls', () => {
    for (const percent of [undefined, 0, 50, 99, 100]) {
      for (const elapsedMs of [0, 1, 100_000]) {
        const nextMs = adaptive().nextMs({ kind: 'snapshot', elapsedMs, percent });
        assert(nextMs >= INTERVAL_MS, `${nextMs}, ${INTERVAL_MS}`);
      }
    }
  });

  it('come in every interval where the configuration fixes it, the first at once', () => {
    const times = new LookTimes({ intervalMs: 20, isFixed: true });
    assert.deepEqual(waited(times, 'snapshot-copy', 50).atMs, [0, 20, 40, 60]);
  });
});
