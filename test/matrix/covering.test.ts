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

  it('show for every step at least one fault of each kind that it can have', () => {
    for (const row of new Set(every.map((one) => one.row))) {
      const deaths = every.filter((one) => one.row === row && /^(?:K0|K1|ZO)$/.test(one.column));
      if (deaths.length === 0) continue;
      assert(
        chosen.some((one) => deaths.includes(one)),
        `step ${row} under the death of a worker`,
      );
    }
  });
});
