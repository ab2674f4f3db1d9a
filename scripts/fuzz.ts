/** Tries hostile inputs by the million: each kind in a process of its own, with bounded memory and time. */

import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { kindOf, shares, type ModuleName } from '../test/properties/all-kinds.js';
import type { KindReport } from '../test/properties/input-kind.js';

const USAGE =
  'npm run fuzz -- [--seed N] [--inputs N] [--jobs N] [--kind NAME [--path PATH]]\n  kinds: ';

/** Of a process, Node itself and the compiler of the tests included: 256 MB. */
const RSS_MIB_MAX = 244;
const HEAP_MIB_MAX = 128;
const YOUNG_MIB_MAX = 2;
/** An input that takes longer hangs; the property itself allows less. */
const SILENT_MS_MAX = 120_000;

interface Job {
  readonly module: ModuleName;
  readonly kind: string;
  readonly seed: number;
  readonly inputs: number;
  readonly path?: string | undefined;
}

type Message =
  | { readonly done: number }
  | { readonly report: KindReport; readonly rssMiB: number }
  | { readonly error: string };

interface Result {
  readonly job: Job;
  readonly report?: KindReport;
  readonly rssMiB: number;
  readonly failure?: string;
}

const again = ({ kind, seed, inputs }: Job, path?: string): string =>
  `npm run fuzz -- --kind ${kind} --seed ${seed} --inputs ${inputs}${path === undefined ? '' : ` --path ${path}`}`;

/** In the child: one kind, from its first input to its last. */
async function runJob(job: Job): Promise<void> {
  const tell = (message: Message): void => void process.send?.(message);
  const kind = await kindOf(job.module, job.kind);
  let toldMs = 0;
  const report = await kind.run({
    ...job,
    onInput: (done) => {
      const nowMs = performance.now();
      if (nowMs - toldMs < 1_000) return;
      toldMs = nowMs;
      tell({ done });
    },
  });
  tell({ report, rssMiB: Math.round(process.resourceUsage().maxRSS / 1024) });
}

/** In the parent: ends a child that says nothing any more, and notices one that died. */
function watchJob(job: Job): Promise<Result> {
  const child = fork(fileURLToPath(import.meta.url), ['--child', JSON.stringify(job)], {
    execArgv: [
      ...process.execArgv,
      `--max-old-space-size=${HEAP_MIB_MAX}`,
      // Garbage of a million inputs does not count as memory that they need.
      `--max-semi-space-size=${YOUNG_MIB_MAX}`,
    ],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  return new Promise((resolve) => {
    let done = 0;
    let result: Result | undefined;
    const hang = setTimeout(() => {
      result = { job, rssMiB: 0, failure: `hangs at or behind input ${done}: ${again(job)}` };
      child.kill('SIGKILL');
    }, SILENT_MS_MAX);
    child.on('message', (message: Message) => {
      hang.refresh();
      if ('done' in message) ({ done } = message);
      else if ('error' in message) result = { job, rssMiB: 0, failure: message.error };
      else result = judged(job, message);
    });
    child.on('close', (code, signal) => {
      clearTimeout(hang);
      const died = `died (${signal ?? code}) at or behind input ${done}: ${again(job)}`;
      resolve(result ?? { job, rssMiB: 0, failure: died });
    });
  });
}

function judged(job: Job, { report, rssMiB }: { report: KindReport; rssMiB: number }): Result {
  const { failure } = report;
  if (failure !== undefined) {
    const text = `${failure.message}\n  again: ${again(job, failure.path)}`;
    return { job, report, rssMiB, failure: text };
  }
  if (rssMiB > RSS_MIB_MAX) {
    const text = `took ${rssMiB} MiB, allowed are ${RSS_MIB_MAX}: ${again(job)}`;
    return { job, report, rssMiB, failure: text };
  }
  return { job, report, rssMiB };
}

function line({ report, rssMiB, job }: Result): string {
  if (report === undefined) return `${job.kind.padEnd(18)} -`;
  const { accepted, rejected, seconds, slowestMs } = report;
  const rate = Math.round((accepted + rejected) / Math.max(seconds, 0.001));
  const numbers = [accepted, rejected, Math.round(seconds), rate, slowestMs, rssMiB];
  return job.kind.padEnd(18) + numbers.map((number) => String(number).padStart(10)).join('');
}

async function runAll(jobs: readonly Job[], atOnce: number): Promise<Result[]> {
  const results: Result[] = [];
  const left = [...jobs];
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let job = left.shift(); job !== undefined; job = left.shift()) {
        const result = await watchJob(job);
        results.push(result);
        console.log(line(result));
        if (result.failure !== undefined) console.log(`${job.kind}: ${result.failure}`);
      }
    }),
  );
  return results;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      inputs: { type: 'string', default: '1000000' },
      jobs: { type: 'string', default: '2' },
      kind: { type: 'string' },
      path: { type: 'string' },
    },
  });
  const [seed, inputs, atOnce] = [values.seed, values.inputs, values.jobs].map(Number);
  const numbers = [seed, inputs, atOnce].every((number) => Number.isSafeInteger(number));
  const all = numbers ? await shares(inputs ?? 0) : await shares(0);
  const wanted = all.filter(({ kind }) => values.kind === undefined || kind.name === values.kind);
  if (!numbers || wanted.length === 0 || seed === undefined || inputs === undefined) {
    console.error(USAGE + all.map(({ kind }) => kind.name).join(', '));
    return 2;
  }
  const jobs = wanted.map((share) => ({
    module: share.module,
    kind: share.kind.name,
    seed,
    // A kind that is named gets as many as are named.
    inputs: values.kind === undefined ? share.inputs : inputs,
    path: values.path,
  }));
  const beganMs = performance.now();
  console.log(`seed ${seed}, ${new Date().toISOString()}, Node ${process.version}`);
  const head = ['accepted', 'rejected', 'seconds', 'a second', 'slowest ms', 'peak MiB'];
  console.log('kind'.padEnd(18) + head.map((word) => word.padStart(10)).join(''));
  const results = await runAll(jobs, atOnce ?? 1);
  const sum = (pick: (report: KindReport) => number): number =>
    results.reduce((total, { report }) => total + (report === undefined ? 0 : pick(report)), 0);
  const accepted = sum((report) => report.accepted);
  const rejected = sum((report) => report.rejected);
  const failed = results.filter(({ failure }) => failure !== undefined).length;
  const seconds = Math.round((performance.now() - beganMs) / 1000);
  const peak = Math.max(...results.map(({ rssMiB }) => rssMiB));
  console.log(
    `${accepted + rejected} inputs of ${results.length} kinds (${accepted} accepted, ${rejected} rejected) ` +
      `in ${seconds} s, peak ${peak} MiB, seed ${seed}: ${failed} kinds failed`,
  );
  return failed === 0 ? 0 : 1;
}

if (process.argv[2] === '--child') {
  // The maps of all libraries in a stack would count as memory of the input.
  process.setSourceMapsEnabled(false);
  try {
    await runJob(JSON.parse(process.argv[3] ?? '') as Job);
  } catch (error) {
    process.send?.({ error: String(error instanceof Error ? error.stack : error) });
  }
  process.disconnect();
} else {
  process.exitCode = await main();
}
