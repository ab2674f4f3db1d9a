/** The same seed makes the same run: what a failing cell prints repeats it. */

import assert from 'node:assert/strict';
import type { Effect } from '../../src/simulator/index.js';
import { isRead } from './call-site.js';
import { Lab } from './lab.js';
import { MATRIX } from './table.js';
import type { Column } from './vocabulary.js';

/** Without ids, dates and ports, which differ, and without looks, whose number depends on time. */
function sequence(effects: readonly Effect[]): string[] {
  const names = new Map<string, string>();
  const nameOf = (id: string): string => {
    const known = names.get(id) ?? `${id.split('-')[0]}-${names.size}`;
    names.set(id, known);
    return known;
  };
  return effects
    .filter(({ kind, action, faults }) => {
      return kind === 'call' && (!isRead({ action }) || faults !== undefined);
    })
    .map(({ action, region, result, answered, changed = [], faults = [] }) => {
      const touched = changed
        .filter((one) => /^(?:instance|volume|snapshot|image)\//.test(one))
        .map((one) => one.replace(/[a-z]+-[0-9a-f]{17}/g, nameOf));
      return [action, region, result, answered, ...touched.sort(), ...faults].join(' ');
    });
}

const OTHERS: readonly (readonly [number, Column])[] = [
  [4, 'LR'],
  [8, '5X'],
  [12, 'K1'],
];

describe('a cell that is run twice with one seed', () => {
  // Steps of several calls side by side; the others with FEDIMG_MATRIX=cells.
  const cases: readonly (readonly [number, Column])[] = [
    [11, 'TH'],
    ...(process.env['FEDIMG_MATRIX'] === 'cells' ? OTHERS : []),
  ];
  let lab: Lab;
  before(async () => {
    lab = await Lab.open();
  });
  after(() => lab.close());

  for (const [row, column] of cases) {
    it(`has the same effects in the same order: ${row} ${column}`, async () => {
      const cell = MATRIX[row - 1]?.cells[column];
      assert(cell?.level === 'activity', String(cell?.level));
      const site = await lab.siteOf(row, cell);
      const fault = { row, column, site, cell, seed: 7 };
      const [first, second] = [await lab.run(fault), await lab.run(fault)];
      assert.deepEqual(first.wrong, []);
      assert(sequence(first.effects).length > 0, 'no effects');
      assert.deepEqual(sequence(second.effects), sequence(first.effects));
    });
  }
});
