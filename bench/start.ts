/** How long the command line and a worker need to start. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { withPublisher } from '../test/support/local-publisher.js';
import { cliProgram } from '../test/support/cli-program.js';
import { withWorkers } from '../test/support/worker-process.js';
import type { Result, Row } from './row.js';

const RUNS = 5;

export default async function run(): Promise<Result> {
  const rows: Row[] = [];
  for (const args of [['--version'], ['--help'], ['publish', '--help']]) {
    const variant = `fedimg ${args.join(' ')}`;
    rows.push(...figures('start of a command', variant, await timed(() => commandLine(args))));
  }
  const worker = await withPublisher({ worker: false }, (publisher) =>
    timed(() =>
      withWorkers(publisher, async (start) => {
        await start().ready;
      }),
    ),
  );
  rows.push(...figures('start of a worker until it polls, and its end', 'fedimg worker', worker));
  return { rows };
}

async function commandLine(args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [...cliProgram(), ...args], { stdio: 'ignore' });
  await once(child, 'exit');
}

async function timed(act: () => Promise<void>): Promise<number[]> {
  const seconds: number[] = [];
  for (let one = 0; one < RUNS; one += 1) {
    const beganMs = performance.now();
    await act();
    seconds.push((performance.now() - beganMs) / 1_000);
  }
  return seconds.sort((one, other) => one - other);
}

function figures(figure: string, variant: string, seconds: readonly number[]): Row[] {
  return [
    { figure, variant: `${variant}, median of ${RUNS}`, value: seconds[2] ?? NaN, unit: 's' },
    { figure, variant: `${variant}, fastest`, value: seconds[0] ?? NaN, unit: 's' },
  ];
}
