/**
 * When a wait is looked at next: seldom at first, often around the moment when its end is expected. That moment goes by
 * the progress that EC2 reports, by what earlier waits in this region took, and else by what is usual.
 */

export type WaitKind =
  | 'instance-running'
  | 'instance-ended'
  | 'agent-online'
  | 'volume'
  | 'snapshot'
  | 'snapshot-copy'
  | 'image'
  | 'command'
  | 'watch'
  | 'now';

interface Usual {
  /** The end is not expected sooner. */
  readonly fromMs: number;
  /** Half of all waits have ended by then. */
  readonly usualMs: number;
  /** Between two looks, at most: an error must show in time. */
  readonly boundMs: number;
  /** Of the time waited so far: the next look, once the usual time is over. */
  readonly growth: number;
  /** Of the median of past waits: the first look; `EARLY` by default. Below 1, or it could only ever become later. */
  readonly first?: number;
  /** EC2 reports a percentage, so a first look is never sooner: the later it is, the more it says. */
  readonly isReported?: true;
}

const minuteMs = 60_000;

/** Waits of a kind differ, and the first look comes before most of them have ended. */
const EARLY = 0.7;

/** As seen in public build logs; AWS does not document durations. What a region really took replaces them. */
const USUAL: Readonly<Record<WaitKind, Usual>> = {
  'instance-running': { fromMs: 10_000, usualMs: 17_000, boundMs: 20_000, growth: 0.2 },
  // A run does not wait for it before its last step.
  'instance-ended': { fromMs: 40_000, usualMs: 50_000, boundMs: minuteMs, growth: 0.5, first: 0.9 },
  'agent-online': { fromMs: 35_000, usualMs: 80_000, boundMs: 7_000, growth: 0.1 },
  volume: { fromMs: 5_000, usualMs: 7_000, boundMs: 20_000, growth: 0.3 },
  snapshot: {
    ...{ fromMs: 40_000, usualMs: 2 * minuteMs, boundMs: 2 * minuteMs, growth: 0.05 },
    ...{ first: 0, isReported: true },
  },
  'snapshot-copy': {
    ...{ fromMs: 2 * minuteMs, usualMs: 8 * minuteMs, boundMs: 6 * minuteMs, growth: 0.05 },
    ...{ first: 0.5, isReported: true },
  },
  // A region waits for the last of its AMIs, which takes longer than most.
  image: { fromMs: 30_000, usualMs: 30_000, boundMs: 30_000, growth: 0.5, first: 0.9 },
  // Its delivery takes a second or two, and the scripts are short.
  command: { fromMs: 2_000, usualMs: 3_000, boundMs: 10_000, growth: 0.3 },
  // An instance that is to go on running: only its loss is of interest.
  watch: { fromMs: minuteMs, usualMs: minuteMs, boundMs: minuteMs, growth: 1 },
  now: { fromMs: 0, usualMs: 0, boundMs: minuteMs, growth: 0.25 },
};

export interface LookTimesOptions {
  /** Two looks are never closer. */
  readonly intervalMs: number;
  /** Every interval, whatever is known: for a cloud that takes milliseconds. */
  readonly isFixed: boolean;
}

/** A wait at its latest look. */
export interface Looked {
  readonly kind: WaitKind;
  readonly elapsedMs: number;
  /** As EC2 reports it, a whole number. */
  readonly percent?: number | undefined;
  /** How many looks before this one had the same percentage. */
  readonly stillLooks?: number;
}

/** Waits of a kind that count: conditions of a region change within a day. */
const PAST_MAX = 20;

/** An error must show in time also where waits are long. */
const FIRST_MS_MAX = 6 * minuteMs;

/** Fewer say little. */
const PAST_MIN = 4;

/** Of the whole wait: a look at the begin of such a window would save less time than it costs calls. */
const NARROW = 0.03;

export class LookTimes {
  readonly #options: LookTimesOptions;
  readonly #past = new Map<WaitKind, number[]>();

  constructor(options: LookTimesOptions) {
    this.#options = options;
  }

  get intervalMs(): number {
    return this.#options.intervalMs;
  }

  /** From the begin of a wait to its first look. `expectedMs` is what the caller knows. */
  firstMs(kind: WaitKind, expectedMs?: number): number {
    return this.#options.isFixed ? 0 : (expectedMs ?? this.#usual(kind).fromMs);
  }

  /** From this look to the next. */
  nextMs(looked: Looked): number {
    const { intervalMs, isFixed } = this.#options;
    if (isFixed) return intervalMs;
    const { boundMs } = USUAL[looked.kind];
    const wantedMs = this.#byProgress(looked) ?? this.#byPast(looked);
    return Math.min(Math.max(wantedMs, intervalMs), Math.max(boundMs, intervalMs));
  }

  /** A wait of this kind has reached what it waited for. */
  ended(kind: WaitKind, tookMs: number): void {
    const past = this.#past.get(kind) ?? [];
    past.push(tookMs);
    this.#past.set(kind, past.slice(-PAST_MAX));
  }

  /**
   * A percentage is a whole number, so an even progress ends within a window. The next look is at the begin of the
   * window while that is far, and then at its end. Undefined when EC2 reports nothing, or the same again and again.
   */
  #byProgress({ elapsedMs, percent = 0, stillLooks = 0 }: Looked): number | undefined {
    if (percent <= 0 || percent >= 100 || stillLooks > 1) return undefined;
    const soonestMs = (100 * elapsedMs) / (percent + 1) - elapsedMs;
    const latestMs = (100 * elapsedMs) / percent - elapsedMs;
    const narrowMs = Math.max(2 * this.#options.intervalMs, NARROW * (elapsedMs + latestMs));
    const isNarrow = latestMs - soonestMs <= narrowMs;
    return isNarrow || stillLooks > 0 ? latestMs : soonestMs;
  }

  #byPast({ kind, elapsedMs }: Looked): number {
    const { fromMs, usualMs, growth } = this.#usual(kind);
    if (elapsedMs < fromMs) return fromMs - elapsedMs;
    const toUsualMs = (usualMs - elapsedMs) / 2;
    return Math.max(toUsualMs, growth * elapsedMs);
  }

  #usual(kind: WaitKind): Usual {
    const past = (this.#past.get(kind) ?? []).toSorted((one, other) => one - other);
    const median = past[Math.floor(past.length / 2)];
    const usual = USUAL[kind];
    if (median === undefined || past.length < PAST_MIN) return usual;
    const { first = EARLY, fromMs, isReported } = usual;
    const firstMs = Math.min(first * median, FIRST_MS_MAX);
    return {
      ...usual,
      fromMs: isReported === true ? Math.max(fromMs, firstMs) : firstMs,
      usualMs: median,
    };
  }
}
