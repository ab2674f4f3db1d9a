/** Cells of the fault matrix, each proved reached and judged by the cloud: a covering set, or all with FEDIMG_MATRIX=cells. */

import assert from 'node:assert/strict';
import type { CallSite } from './call-site.js';
import { siteName } from './call-site.js';
import type { PlannedCell } from './covering.js';
import { coveringCells } from './covering.js';
import { isApplicable } from './fault.js';
import type { CellResult } from './lab.js';
import { Lab } from './lab.js';
import { MATRIX } from './table.js';
import type { ActivityCell, Column, Fault } from './vocabulary.js';

const ALL = process.env['FEDIMG_MATRIX'] === 'cells';

const SEED = Number(process.env['FEDIMG_MATRIX_SEED'] ?? 1);
/** Cells under way at once: most of a cell is waiting. */
const ABREAST = Number(process.env['FEDIMG_MATRIX_ABREAST'] ?? 6);
/** With titles selected, only what is selected may run. */
const SELECTED = process.argv.some((word) => /^(?:-g|-f|--grep|--fgrep)(?:=|$)/.test(word));

interface Planned extends PlannedCell {
  readonly title: string;
}

function patternName({ at }: ActivityCell): string {
  if (at === undefined) return '';
  const { action, region = '', by = '' } = at;
  return siteName({ action, region, by, occurrence: 1 }).replace(/ 1$/, '');
}

const every: Planned[] = MATRIX.flatMap(({ row, step, cells }) =>
  (Object.entries(cells) as [Column, (typeof cells)[Column]][]).flatMap(([column, cell]) =>
    cell.level === 'activity'
      ? [{ title: `${row} ${step} ${column} ${patternName(cell)}`, row, column, cell }]
      : [],
  ),
);

// With titles selected, every cell can be named.
const planned = ALL || SELECTED ? every : coveringCells(every);

describe(`the fault matrix: ${planned.length} of ${every.length} cells`, () => {
  let lab: Lab;
  const running = new Map<Planned, Promise<CellResult>>();

  before(async () => {
    lab = await Lab.open();
  });
  after(async () => {
    await Promise.allSettled(running.values());
    await lab.close();
  });

  const start = (one: Planned): Promise<CellResult> => {
    let result = running.get(one);
    if (result === undefined) {
      result = carryOut(lab, one);
      result.catch(() => undefined);
      running.set(one, result);
    }
    return result;
  };
  const queue = [...planned];
  const lane = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      await start(next).catch(() => undefined);
    }
  };

  for (const one of planned) {
    it(one.title, async () => {
      if (!SELECTED && running.size === 0) for (let n = 0; n < ABREAST; n += 1) void lane();
      const { wrong, outcome } = await start(one);
      const again = `npx mocha test/matrix/matrix.test.ts -g '${one.title}'`;
      const seed = SEED === 1 ? '' : `FEDIMG_MATRIX_SEED=${SEED} `;
      assert.deepEqual(wrong, [], `ended as ${outcome}; again: ${seed}${again}`);
    });
  }
});

async function carryOut(lab: Lab, { row, column, cell }: Planned): Promise<CellResult> {
  const site: CallSite = await lab.siteOf(row, cell);
  assert(isApplicable(column, site) || cell.rule !== undefined, `${column} needs another call`);
  const fault: Fault = { row, column, site, cell, seed: SEED };
  return lab.run(fault);
}
