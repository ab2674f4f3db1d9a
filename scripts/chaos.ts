/** `npm run chaos`: whole runs on real processes under drawn faults, judged by what the cloud recorded. */

import { createWriteStream } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import pino from 'pino';
import { installRuntime } from '../src/worker/runtime.js';
import type { CampaignOptions, Report } from '../test/chaos/campaign.js';
import { runCampaign } from '../test/chaos/campaign.js';
import type { Mode } from '../test/chaos/plans.js';
import { parseSchedule } from '../test/chaos/schedule.js';

interface Options {
  readonly seed: number;
  readonly runs: number;
  readonly lanes: number;
  readonly run?: number;
  readonly schedule?: string;
  readonly sample?: number;
  readonly killPoints?: boolean;
  readonly cancels?: boolean;
  readonly terminates?: boolean;
  readonly acts?: boolean;
  readonly shrink: boolean;
  readonly log?: string;
}

function positive(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 1.');
  return Number(text);
}

const command = new Command('chaos')
  .description(
    'needs `npm run build` first; exits 1 when an invariant is broken, or a demanded point not reached',
  )
  .option('--seed <n>', 'of the schedules', positive, 1)
  .option('--runs <n>', 'how many seeded runs', positive, 10)
  .option('--lanes <n>', 'runs at once', positive, 4)
  .option('--run <n>', 'only the run of this number', positive)
  .option('--schedule <text>', 'this schedule instead of drawn ones, --runs times')
  .option('--sample <n>', 'only so many of the planned runs, evenly spread', positive)
  .option(
    '--kill-points',
    'kill the worker before, after and behind every call that changes something',
  )
  .option('--cancels', 'cancel at every call that changes something, and at each kind of read')
  .option('--terminates', 'the same with terminate, then the sweep')
  .option('--acts', 'each act of the operator while the worker is killed, in each step')
  .option('--no-shrink', 'leave failing schedules as they are')
  .option('--log <file>', 'also write all lines to this file');

await main();

async function main(): Promise<void> {
  command.parse();
  const options = command.opts<Options>();
  installRuntime(pino({ level: 'silent' }));
  const file = options.log === undefined ? undefined : createWriteStream(options.log);
  const log = (line: string): void => {
    console.log(line);
    file?.write(`${line}\n`);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));
  const mode: Mode =
    options.killPoints === true
      ? 'kill-points'
      : options.cancels === true
        ? 'cancels'
        : options.terminates === true
          ? 'terminates'
          : options.acts === true
            ? 'acts'
            : 'runs';
  const repeats = command.getOptionValueSource('runs') === 'default' ? 1 : options.runs;
  const { schedule } = options;
  const campaign: CampaignOptions = {
    mode,
    seed: options.seed,
    runs: options.runs,
    lanes: options.lanes,
    only: options.run,
    schedules:
      schedule === undefined
        ? undefined
        : Array.from({ length: repeats }, () => parseSchedule(schedule)),
    sample: options.sample,
    shrink: options.shrink,
    log,
  };
  const report = await runCampaign(campaign);
  say(report, log);
  const demanded = mode !== 'runs' && report.unreached.length > 0;
  process.exit(report.findings.length > 0 || demanded ? 1 : 0);
}

function say(report: Report, log: (line: string) => void): void {
  const { runs, findings, ends, planned, reached, unreached, seconds } = report;
  const cpu = (report.cpuSeconds / Math.max(1, runs)).toFixed(1);
  const counts = Object.entries(ends).map(([end, count]) => `${count} ${end}`);
  log(`${runs} runs in ${seconds} s, ${cpu} CPU seconds each: ${counts.join(', ')}`);
  log(`${reached} of ${planned} faults were reached; ${findings.length} runs broke an invariant`);
  for (const line of unreached) log(`not reached: ${line}`);
}
