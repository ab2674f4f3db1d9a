/** The table itself: it has every cell, and each cell ends as in the published matrix. */

import assert from 'node:assert/strict';
import { STEPS } from './steps.js';
import { MATRIX } from './table.js';
import type { CellSpec } from './vocabulary.js';
import { COLUMNS, END_STATES } from './vocabulary.js';

/** Reliability reference, part 3, without its footnotes, the write without a utility instance, and the copy that begins with the test: LR TH 5X TO EC CP DN K0 K1 ZO TS SA IT RD BR CN TM DP. */
const PUBLISHED = `
intake     D D D D - - A D D D D - - - D - - D
metadata   D D D D D - F D D D D - - - D X S D
preflight  D D D D D R R D D D D - - R D X S D
utility    D D D D D D F D D D D D D F D X S D
volume     D D D D D D F D D D D - D F D X S D
write      D D D D D F F D D D D D D F D X S D
verify     D D D D D - F D D D D D D F D X S D
snapshot   D D D D D D F D D D D - D F D X S D
register   D D D D D F F D D D D - F F D X S D
test       D D D D D D F D D D D - D F D X S D
copy       D D D D D D R D D D D - R R D X S D
publish    D D D D D R R D D D D - R R D K S D
notify     D D D D - - A D D D D - - - D D S D
compensate X X X X X - A X X X X - X S X X S X
sweep      D D D D D - A D D D D - D A D - D D
direct     D D D D D D F D D D D - D F D X S D
early-copy D D D D D D R D D D D - R R D X S D`;

function endOf(cell: CellSpec): string {
  if (cell.level === 'never') return '-';
  return cell.level === 'activity' ? (cell.matrix ?? cell.end) : cell.end;
}

describe('the table of the fault matrix', () => {
  it('has every step and every fault exactly once, with the end that is published', () => {
    const columns = Object.keys(COLUMNS);
    assert.equal(columns.length, 18);
    const lines = PUBLISHED.trim().split('\n');
    assert.equal(lines.length, 17);
    const wanted = lines.map((line) => line.split(/\s+/).join(' '));
    const got = MATRIX.map(({ step, cells }) => {
      assert.deepEqual(Object.keys(cells).sort(), [...columns].sort(), step);
      const ends = columns.map((column) => endOf(cells[column as keyof typeof cells]));
      return [step, ...ends].join(' ');
    });
    assert.deepEqual(got, wanted);
    assert.deepEqual(
      MATRIX.map(({ row }) => row),
      Array.from({ length: 17 }, (_, index) => index + 1),
    );
  });

  it('says why a cell cannot be, where another one is tested, and why one ends differently', () => {
    for (const { row, step, cells } of MATRIX) {
      for (const [column, cell] of Object.entries(cells)) {
        const name = `${row} ${step} ${column}`;
        if (cell.level === 'never') assert.match(cell.why, /\w{3}/, name);
        else if (cell.level === 'run') assert.match(cell.where, /\w{3}/, name);
        else {
          assert(cell.end in END_STATES, name);
          assert(cell.matrix === undefined || cell.note !== undefined, `${name}: why?`);
          assert(
            STEPS.some((one) => one.row === row),
            `${name}: no activity takes this step`,
          );
        }
      }
    }
  });
});
