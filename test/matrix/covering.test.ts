import assert from 'node:assert/strict';
import { coveringCells } from './covering.js';
import { MATRIX } from './table.js';
import type { Column } from './vocabulary.js';

const every = MATRIX.flatMap(({ row, cells }) =>
  (Object.entries(cells) as [Column, (typeof cells)[Column]][]).flatMap(([column, cell]) =>
    cell.level === 'activity' ? [{ row, column, cell }] : [],
  ),
);

describe('the cells of a quick run', () => {
  const chosen = coveringCells(every);

  it('are at most half of all', () => {
    assert(chosen.length * 2 < every.length, `${chosen.length} of ${every.length}`);
  });

  it('show every fault, every step, and every end', () => {
    const parts = (one: (typeof every)[number]) => [one.column, `step ${one.row}`, one.cell.end];
    assert.deepEqual(new Set(chosen.flatMap(parts)), new Set(every.flatMap(parts)));
  });

  it('show every step under the death of a worker, and under another fault', () => {
    const isDeath = (column: Column): boolean => /^(?:K0|K1|ZO)$/.test(column);
    for (const row of new Set(every.map((one) => one.row))) {
      for (const wanted of [true, false]) {
        const can = every.filter((one) => one.row === row && isDeath(one.column) === wanted);
        if (can.length === 0) continue;
        assert(
          chosen.some((one) => can.includes(one)),
          `step ${row}: ${can.map(({ column }) => column).join(', ')}`,
        );
      }
    }
  });
});
