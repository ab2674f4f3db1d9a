/** How much shorter a publication is when the snapshot is copied while the test runs. */

import type { Result, Row } from './row.js';
import { publishOnce } from './world.js';

/** Latencies are drawn: each run is compared with one of the same latencies. */
const SEEDS = [1, 2];

export default async function run(): Promise<Result> {
  const rows: Row[] = [];
  const ratios: number[] = [];
  for (const seed of SEEDS) {
    const after = await publishOnce({ regions: 17, seed });
    const early = await publishOnce({
      regions: 17,
      seed,
      tables: ['[copy]', 'start = "with-test"'],
    });
    ratios.push(early.seconds / after.seconds);
    const variant = `latencies ${seed}`;
    rows.push({ figure: '  after-test', variant, value: after.seconds, unit: 's' });
    rows.push({ figure: '  with-test', variant, value: early.seconds, unit: 's' });
  }
  const value = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
  const variant = `17 regions, mean of ${SEEDS.length}`;
  return {
    rows: [
      { figure: 'with-test / after-test', variant, value, unit: 'x', goal: '<= 0.90' },
      ...rows,
    ],
  };
}
