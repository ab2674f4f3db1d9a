/** The report of a sweep as rows and as text. */

import { installationText } from '../../model/ids/installation.js';
import type { SweepItem, SweepReport } from '../../model/sweep/sweep.js';
import { printable } from '../../model/printable.js';
import { formatColumns, formatElapsed } from './format.js';
import type { Paint } from './terminal.js';

export type SweepOutcome = 'removed' | 'would-remove' | 'left' | 'kept';
export type SweepRow = SweepItem & { readonly outcome: SweepOutcome };

/** What was or would be removed, what was left, and what is kept. */
export function sweepRows({ dryRun, removed, left, kept }: SweepReport): SweepRow[] {
  const rows = (outcome: SweepOutcome, items: readonly SweepItem[]) =>
    items.map((item) => ({ outcome, ...item }));
  return [
    ...rows(dryRun ? 'would-remove' : 'removed', removed),
    ...rows('left', left),
    ...rows('kept', kept),
  ];
}

/** Kept for a reason that an operator may not expect; the others are as they should be, and grow with every compose. */
const EXPECTED_KEPT: readonly SweepItem['code'][] = [
  'other-installation',
  'public',
  'result',
  'run-open',
];

/** Without `verbose`, what is kept is only counted; with it, what an operator expects is counted by its reason. */
export function sweepLines(
  report: SweepReport,
  { verbose, paint }: { readonly verbose: boolean; readonly paint: Paint },
): string[] {
  const rows = sweepRows(report).filter(
    ({ outcome, code }) => outcome !== 'kept' || (verbose && !EXPECTED_KEPT.includes(code)),
  );
  const counts = verbose ? keptCounts(report) : [];
  if (rows.length === 0) return counts;
  const head = ['REGION', 'TYPE', 'ID', 'AGE', '', 'RUN', 'WHY'];
  const body = rows.map((row) => [
    row.region,
    row.type,
    row.id,
    row.ageSeconds === null ? '?' : formatElapsed(row.ageSeconds * 1000),
    row.outcome === 'left' ? paint('yellow', 'left') : row.outcome.replace('-', ' '),
    printable(row.workflow ?? '-'),
    printable(row.reason),
  ]);
  return [...formatColumns([head.map((cell) => paint('bold', cell)), ...body]), ...counts];
}

const KEPT_BECAUSE: Readonly<Partial<Record<SweepItem['code'], string>>> = {
  'other-installation': 'belong to another installation',
  public: 'are public',
  result: 'are the result of a run',
  'run-open': 'belong to a run that is under way',
};

/** `68 kept: 60 are public, 8 are the result of a run` */
function keptCounts({ kept }: SweepReport): string[] {
  const counts = EXPECTED_KEPT.map((code) => ({
    because: KEPT_BECAUSE[code] ?? code,
    count: kept.filter((item) => item.code === code).length,
  })).filter(({ count }) => count > 0);
  if (counts.length === 0) return [];
  const sum = counts.reduce((total, { count }) => total + count, 0);
  const reasons = counts.map(({ because, count }) => `${count} ${because}`).join(', ');
  return [`${sum} kept as expected: ${reasons} (-o json lists them)`];
}

/** What the operator should look at, one line each. */
export function sweepWarnings({ unreconciled, others, failedRegions }: SweepReport): string[] {
  return [
    ...unreconciled.map(
      ({ workflow, region, amis, reason }) =>
        `unreconciled: ${printable(workflow)} in ${region}: ${amis.join(', ')}: ${reason}`,
    ),
    ...others.map(
      (other) =>
        `kept: ${other.resources} resources of ${printable(installationText(other))}; a sweep there removes its strays`,
    ),
    ...failedRegions.map(({ region, reason }) => `not swept: ${region}: ${printable(reason)}`),
  ];
}

/** `3 removed, 0 left, 68 kept in 17 regions; 12 wait for the next sweep`. */
export function sweepCountLine(report: SweepReport): string {
  const { dryRun, removed, left, keptCount, regions, waiting } = report;
  const went = `${removed.length} ${dryRun ? 'would be removed' : 'removed'}`;
  const counts = `${went}, ${left.length} left, ${keptCount} kept in ${regions.length} regions`;
  return waiting === 0 ? counts : `${counts}; ${waiting} wait for the next sweep`;
}
