/** A kind of input from outside: how it is generated, what must hold for it, and how many of it were tried. */

import assert from 'node:assert/strict';
import fc from 'fast-check';

/** What became of one input; anything but a documented error is neither, and fails the property. */
export type Verdict = 'accepted' | 'rejected';

/** What the inputs of one run go to. */
export interface Target<T> {
  check(input: T): Verdict | Promise<Verdict>;
  close?(): Promise<void>;
}

interface KindOptions<T> {
  /** As `--kind` takes it. */
  readonly name: string;
  /** What went wrong for somebody when this did not hold. */
  readonly title: string;
  /** Its share of all inputs, beside those of the other kinds. */
  readonly weight: number;
  /** Values in one generated input, for kinds that are tried by the batch; default 1. */
  readonly batch?: number;
  /** For what must cope with anything. */
  readonly refusesNone?: boolean;
  /** For what must stay closed. */
  readonly refusesAll?: boolean;
  readonly input: fc.Arbitrary<T>;
  /** Inputs that are accepted, tried first: among few hostile ones there may be none. */
  readonly sound?: readonly T[];
  open(): Target<T> | Promise<Target<T>>;
}

export interface RunOptions {
  readonly seed: number;
  readonly inputs: number;
  /** fast-check's path to one counterexample: that one alone is tried. */
  readonly path?: string | undefined;
  /** Hears of each input before it is tried. */
  readonly onInput?: (done: number) => void;
}

export interface KindReport {
  readonly kind: string;
  readonly accepted: number;
  readonly rejected: number;
  readonly seconds: number;
  /** CPU time of the slowest input. */
  readonly slowestMs: number;
  /** What failed, and fast-check's path to it. */
  readonly failure?: { readonly path: string; readonly message: string };
}

export interface InputKind {
  readonly name: string;
  readonly title: string;
  readonly weight: number;
  readonly refusesNone: boolean;
  readonly refusesAll: boolean;
  run(options: RunOptions): Promise<KindReport>;
}

/** CPU time: wall time would count what else the machine does. */
const INPUT_CPU_MS_MAX = 5_000;
/** For inputs that wait instead of working. */
const INPUT_WALL_MS_MAX = 60_000;

export function inputKind<T>(options: KindOptions<T>): InputKind {
  const { name, title, weight, refusesNone = false, refusesAll = false } = options;
  return { name, title, weight, refusesNone, refusesAll, run: (run) => runKind(options, run) };
}

async function runKind<T>(kind: KindOptions<T>, run: RunOptions): Promise<KindReport> {
  const batch = kind.batch ?? 1;
  const counts = { accepted: 0, rejected: 0 };
  let slowestMs = 0;
  let done = 0;
  const prototypes = prototypeKeys();
  const target = await kind.open();
  const beganMs = performance.now();
  try {
    const property = fc.asyncProperty(kind.input, async (input) => {
      run.onInput?.(done);
      const before = process.cpuUsage();
      const verdict = await target.check(input);
      const { user, system } = process.cpuUsage(before);
      const tookMs = (user + system) / 1000;
      slowestMs = Math.max(slowestMs, tookMs);
      assert(tookMs < INPUT_CPU_MS_MAX, `one input took ${tookMs} ms of CPU time`);
      assert.deepEqual(prototypeKeys(), prototypes, 'a prototype was changed');
      counts[verdict] += batch;
      done += batch;
    });
    const details = await fc.check(property, {
      seed: run.seed,
      examples: (kind.sound ?? []).map((input): [T] => [input]),
      numRuns: Math.max(1, Math.ceil(run.inputs / batch)),
      timeout: INPUT_WALL_MS_MAX,
      // To shrink is worth some time; a batch tells by itself which of its values it was.
      endOnFailure: run.path !== undefined || batch > 1,
      ...(run.path === undefined ? {} : { path: run.path }),
    });
    return {
      kind: kind.name,
      ...counts,
      seconds: (performance.now() - beganMs) / 1000,
      slowestMs: Math.round(slowestMs),
      ...(details.failed
        ? { failure: { path: details.counterexamplePath ?? '0', message: explain(details) } }
        : {}),
    };
  } finally {
    await target.close?.();
  }
}

/** What failed, then on what; in printable ASCII, and no more than can be read. */
function explain<T>(details: fc.RunDetails<[T]>): string {
  const cause = details.errorInstance;
  const why = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  const input = fc.stringify(details.counterexample);
  return `${shown(why, 1_500)}\nfor the input ${shown(input, 1_000)}`;
}

function shown(text: string, charsMax: number): string {
  const escaped = text.slice(0, charsMax).replace(/[^\n\x20-\x7e]/g, (unit) => {
    return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  return text.length > charsMax ? `${escaped}... (${text.length} characters)` : escaped;
}

function prototypeKeys(): number[] {
  const all = [Object.prototype, Array.prototype, Function.prototype, String.prototype];
  return all.map((prototype) => Reflect.ownKeys(prototype).length);
}

/** Calls `act`: `accepted` when it returns, `rejected` when it throws an error that `isDocumented` knows. */
export async function verdictOf<T>(
  act: () => T | Promise<T>,
  isDocumented: (error: unknown) => boolean,
  onAccepted?: (value: T) => void | Promise<void>,
): Promise<Verdict> {
  let value: T;
  try {
    value = await act();
  } catch (error) {
    if (!isDocumented(error)) throw error;
    return 'rejected';
  }
  await onAccepted?.(value);
  return 'accepted';
}
