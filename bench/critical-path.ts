/** How much longer a run takes than the longest chain of latencies that cannot be avoided. */

import type { Result, Row } from './row.js';
import { publishOnce } from './world.js';

/** Latencies are drawn: the mean of a few runs, each compared with a run of the same latencies. */
const SEEDS = [1, 2];

/** The chain itself: a run with these latencies that looks every second, which no account would bear. */
const EVERY_SECOND = ['poll_interval = "1s"', 'command_poll_interval = "1s"'];

export default async function run(): Promise<Result> {
  const rows: Row[] = [];
  const ratios: number[] = [];
  for (const seed of SEEDS) {
    const chain = await publishOnce({ regions: 17, seed, timing: EVERY_SECOND });
    const wall = await publishOnce({ regions: 17, seed });
    ratios.push(wall.seconds / chain.seconds);
    const variant = `latencies ${seed}`;
    rows.push({ figure: '  chain: looks every second', variant, value: chain.seconds, unit: 's' });
    rows.push({ figure: '  run with the default looks', variant, value: wall.seconds, unit: 's' });
  }
  const value = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
  const variant = `after-test, 17 regions, mean of ${SEEDS.length}`;
  const figure = 'run / unavoidable chain';
  return { rows: [{ figure, variant, value, unit: 'x', goal: '<= 1.05' }, ...rows] };
}
