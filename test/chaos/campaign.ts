/** Many runs on several lanes; each failure is shrunk, and printed with the command that repeats it. */

import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cpuSeconds } from './cpu-time.js';
import { withLane } from './lane.js';
import type { Lane } from './lane.js';
import { pointName } from './fault.js';
import type { CallPoint } from './fault.js';
import type { Mode, Planned } from './plans.js';
import { plan, SCENARIOS_OF, steadyPoints } from './plans.js';
import type { Verdict } from './run.js';
import { measure, runSchedule } from './run.js';
import type { Scenario } from './scenario.js';
import type { Schedule } from './schedule.js';
import { scheduleText } from './schedule.js';
import { shrink } from './shrink.js';

export interface CampaignOptions {
  readonly mode: Mode;
  readonly seed: number;
  /** Of seeded runs. */
  readonly runs: number;
  readonly lanes: number;
  /** Only the run of this number. */
  readonly only?: number | undefined;
  /** Instead of all that: these. */
  readonly schedules?: readonly Schedule[] | undefined;
  /** At most so many of the planned ones, spread evenly. */
  readonly sample?: number | undefined;
  readonly shrink: boolean;
  readonly log: (line: string) => void;
}

export interface Finding {
  readonly number: number;
  readonly schedule: Schedule;
  readonly wrong: readonly string[];
  /** With the fewest faults. */
  readonly smallest: Schedule;
}

export interface Report {
  readonly runs: number;
  readonly findings: readonly Finding[];
  readonly ends: Readonly<Record<string, number>>;
  /** Faults planned, and those that came to pass. */
  readonly planned: number;
  readonly reached: number;
  /** Of a mode that demands that each is reached. */
  readonly unreached: readonly string[];
  readonly seconds: number;
  /** Of everything: driver with cloud and guests, workers, Temporal servers. */
  readonly cpuSeconds: number;
}

type Reference = Awaited<ReturnType<typeof measure>>;

export async function runCampaign(options: CampaignOptions): Promise<Report> {
  const begin = performance.now();
  const cpu = await cpuSeconds();
  const state = new Campaign(options);
  // One lane measures what the others then draw from; they start up meanwhile.
  let measured: Promise<void> | undefined;
  const lanes = Array.from({ length: options.lanes }, () =>
    withLane(async (lane) => {
      await (measured ??= state.measureAll(lane));
      await state.work(lane);
    }),
  );
  await Promise.all(lanes);
  return state.report({
    seconds: Math.round((performance.now() - begin) / 1000),
    cpuSeconds: Math.round((await cpuSeconds()) - cpu),
  });
}

class Campaign {
  readonly #options: CampaignOptions;
  readonly #references = new Map<Scenario, Reference>();
  readonly #findings: Finding[] = [];
  readonly #ends: Record<string, number> = {};
  readonly #unreached: string[] = [];
  #queue: Planned[] = [];
  #runs = 0;
  #planned = 0;
  #reached = 0;

  constructor(options: CampaignOptions) {
    this.#options = options;
  }

  async measureAll(lane: Lane): Promise<void> {
    const { mode, schedules, log } = this.#options;
    const scenarios = schedules?.map(({ scenario }) => scenario) ?? SCENARIOS_OF[mode];
    for (const scenario of new Set(scenarios)) {
      const measured = await measure(lane, scenario);
      this.#references.set(scenario, { ...measured, points: canonical(measured.points) });
      log(`${scenario}: ${measured.points.length} calls, ${measured.reference.amis.length} AMIs`);
    }
    this.#queue = this.#plan();
    log(`${this.#queue.length} runs are planned`);
  }

  #plan(): Planned[] {
    const { mode, seed, runs, only, schedules, sample } = this.#options;
    if (schedules !== undefined) {
      return schedules.map((schedule, index) => ({ number: index + 1, schedule }));
    }
    const points = Object.fromEntries(
      [...this.#references].map(([scenario, reference]) => [scenario, reference.points]),
    );
    const all = plan(mode, { seed, runs: Math.max(runs, only ?? 0), points });
    if (only !== undefined) return all.filter(({ number }) => number === only);
    if (sample === undefined || sample >= all.length) return all;
    return Array.from(
      { length: sample },
      (_none, index) => all[Math.floor((index * all.length) / sample)] as Planned,
    );
  }

  /** Takes run after run until none is left. */
  async work(lane: Lane): Promise<void> {
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      await this.#one(lane, next);
    }
  }

  async #one(lane: Lane, { number, schedule }: Planned): Promise<void> {
    const { log } = this.#options;
    const begin = performance.now();
    const verdict = await this.#run(lane, schedule, number);
    const { evidence, wrong, unreached } = verdict;
    this.#runs += 1;
    this.#planned += schedule.faults.length;
    this.#reached += schedule.faults.length - unreached.length;
    this.#ends[evidence.status] = (this.#ends[evidence.status] ?? 0) + 1;
    const seconds = ((performance.now() - begin) / 1000).toFixed(1);
    const text = scheduleText(schedule);
    const missed = unreached.length === 0 ? '' : ` (${unreached.length} not reached)`;
    log(
      `${wrong.length === 0 ? 'ok' : 'WRONG'} ${number} ${evidence.status} ${seconds}s ${text}${missed}`,
    );
    if (unreached.length > 0) this.#unreached.push(`${number}: ${text}`);
    if (wrong.length > 0) await this.#finding(lane, { number, schedule }, verdict);
  }

  async #finding(lane: Lane, { number, schedule }: Planned, verdict: Verdict): Promise<void> {
    const { log, seed, mode } = this.#options;
    const { wrong } = verdict;
    for (const line of wrong) log(`  ${line}`);
    log(`  evidence: ${await keepEvidence(verdict)}`);
    const flag = mode === 'runs' ? '' : ` --${mode}`;
    log(`  repeat: npm run chaos -- --seed ${seed} --run ${number}${flag}`);
    const fails = async (smaller: Schedule): Promise<boolean> =>
      (await this.#run(lane, smaller, number)).wrong.length > 0;
    const smallest =
      this.#options.shrink && schedule.faults.length > 1 ? await shrink(schedule, fails) : schedule;
    log(`  fewest faults: npm run chaos -- --schedule '${scheduleText(smallest)}'`);
    this.#findings.push({ number, schedule, wrong, smallest });
  }

  async #run(lane: Lane, schedule: Schedule, number: number): Promise<Verdict> {
    const measured = this.#references.get(schedule.scenario);
    if (measured === undefined) throw new TypeError(`${schedule.scenario} was not measured`);
    return runSchedule(lane, {
      schedule,
      seed: this.#options.seed * 100_000 + number,
      reference: measured.reference,
      // Replay, whole disks and a second delivery cost as much as a run.
      thorough: number % 10 === 0 || this.#options.schedules !== undefined,
    });
  }

  report(times: Pick<Report, 'seconds' | 'cpuSeconds'>): Report {
    return {
      runs: this.#runs,
      findings: this.#findings,
      ends: this.#ends,
      planned: this.#planned,
      reached: this.#reached,
      unreached: this.#unreached,
      ...times,
    };
  }
}

/** The order of parallel regions, and how often something was asked, differ from run to run: both must not matter. */
function canonical(points: readonly CallPoint[]): CallPoint[] {
  const steady = steadyPoints(points).filter(({ occurrence }) => occurrence <= POLLS_DRAWN);
  return steady.sort((a, b) => (pointName(a) < pointName(b) ? -1 : 1));
}

const POLLS_DRAWN = 4;

/** A repeat has the same faults, but not the same moments: what a rare finding was is seen in this file or nowhere. */
async function keepEvidence({ wrong, evidence }: Verdict): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), 'fedimg-chaos-finding-')), 'evidence.json');
  await writeFile(file, JSON.stringify({ wrong, evidence }, null, 1));
  return file;
}
