/** What a full run of the matrix showed, as Markdown. */

import type { Case } from './expansion.js';
import { COLUMNS } from './vocabulary.js';

export interface Result {
  readonly of: Case;
  readonly passed: boolean;
}

export function markdownReport(results: readonly Result[]): string {
  const singles = results.filter(({ of }) => of.alongside.length === 0);
  const pairs = results.filter(({ of }) => of.alongside.length > 0);
  const columns = Object.keys(COLUMNS).filter((column) =>
    singles.some(({ of }) => of.fault.column === column),
  );
  const rows = [...new Set(singles.map(({ of }) => rowOf(of)))];
  const count = (some: readonly Result[]): string => {
    const failed = some.filter(({ passed }) => !passed).length;
    if (some.length === 0) return '';
    return failed === 0 ? String(some.length) : `${some.length} (${failed} failed)`;
  };
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const body = rows.map((row) => {
    const here = singles.filter(({ of }) => rowOf(of) === row);
    const cells = columns.map((column) =>
      count(here.filter(({ of }) => of.fault.column === column)),
    );
    return line([row, ...cells, count(here)]);
  });
  const totals = columns.map((column) =>
    count(singles.filter(({ of }) => of.fault.column === column)),
  );
  const places = [...new Set(singles.map(({ of }) => of.fault.site.action))].sort();
  return [
    line(['Step', ...columns, 'all']),
    line(['-', ...columns.map(() => '-'), '-']),
    ...body,
    line(['all', ...totals, count(singles)]),
    '',
    line(['Call', 'cells']),
    line(['-', '-']),
    ...places.map((action) =>
      line([action, count(singles.filter(({ of }) => of.fault.site.action === action))]),
    ),
    '',
    `Pairs of faults: ${count(pairs) || '0'}`,
  ].join('\n');
}

function rowOf({ title }: Case): string {
  return title.split(' ').slice(0, 2).join(' ');
}
