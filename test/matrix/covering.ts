/** The cells that `npm test` takes: every step under the death of a worker and under another fault, every fault, and every kind of fault with each of its ends. */

import type { ActivityCell, Column } from './vocabulary.js';

export interface PlannedCell {
  readonly row: number;
  readonly column: Column;
  readonly cell: ActivityCell;
}

/** Faults that the publisher meets in the same way. */
const KINDS: Readonly<Record<string, readonly Column[]>> = {
  network: ['LR', 'TH', '5X', 'TO'],
  death: ['K0', 'K1', 'ZO'],
  refusal: ['EC', 'CP', 'DN'],
  loss: ['SA', 'IT', 'RD'],
  cancel: ['CN'],
};

/** Greedy: always the cell that shows most of what is not shown yet; among equals, of the fault with fewest cells. */
export function coveringCells<T extends PlannedCell>(cells: readonly T[]): T[] {
  const chosen = new Set<T>();
  const shown = new Set<string>();
  const uses = new Map<Column, number>();
  const gain = (one: T): number => shows(one).filter((key) => !shown.has(key)).length;
  const rank = (one: T): number => gain(one) - (uses.get(one.column) ?? 0) / (cells.length + 1);
  for (;;) {
    const next = cells
      .filter((one) => gain(one) > 0)
      .reduce<T | undefined>(
        (best, one) => (best === undefined || rank(one) > rank(best) ? one : best),
        undefined,
      );
    if (next === undefined) return cells.filter((one) => chosen.has(one));
    chosen.add(next);
    uses.set(next.column, (uses.get(next.column) ?? 0) + 1);
    for (const key of shows(next)) shown.add(key);
  }
}

function shows({ row, column, cell }: PlannedCell): string[] {
  const kinds = Object.entries(KINDS).filter(([, columns]) => columns.includes(column));
  const ofKind = kinds.flatMap(([kind]) => [
    `${row} ${kind === 'death' ? kind : 'another'}`,
    `${kind} ends ${cell.end}`,
  ]);
  return [column, ...ofKind];
}
