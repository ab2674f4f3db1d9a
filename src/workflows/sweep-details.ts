/** The Markdown that the Temporal UI shows above a sweep's history. */

import { installationText } from '../model/ids/installation.js';
import type { SweepItem, SweepReport } from '../model/sweep/sweep.js';

const ROWS_MAX = 50;

export function sweepDetails(report: SweepReport): string {
  const { deployment, dryRun, regions, removed, left, keptCount, waiting } = report;
  const went = dryRun ? 'would be removed' : 'removed';
  const counts = [
    `${removed.length} ${went}`,
    `${left.length} left`,
    `${keptCount} kept`,
    ...(waiting === 0 ? [] : [`${waiting} wait for the next sweep`]),
  ];
  return [
    `**sweep of ${deployment}** · ${regions.length} regions · ${counts.join(', ')}`,
    ...table(went, removed),
    ...table('left', left),
    ...list(
      'unreconciled runs',
      report.unreconciled.map(
        ({ workflow, region, amis, reason }) =>
          `${workflow} in ${region}: ${amis.join(', ')}: ${reason}`,
      ),
    ),
    ...list(
      'other installations, whose resources stay',
      report.others.map((other) => `${other.resources} resources: ${installationText(other)}`),
    ),
    ...list(
      'regions that were not swept',
      report.failedRegions.map(({ region, reason }) => `${region}: ${reason}`),
    ),
  ].join('\n');
}

function table(title: string, items: readonly SweepItem[]): string[] {
  if (items.length === 0) return [];
  const rows = items
    .slice(0, ROWS_MAX)
    .map(
      ({ region, type, id, workflow, reason }) =>
        `| ${region} | ${type} | ${id} | ${workflow ?? ''} | ${reason} |`,
    );
  const more = items.length > ROWS_MAX ? [`and ${items.length - ROWS_MAX} more`] : [];
  return ['', `| ${title} | | | run | why |`, '|-|-|-|-|-|', ...rows, ...more];
}

function list(title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  return ['', `**${title}**`, '', ...lines.slice(0, ROWS_MAX).map((line) => `- ${line}`)];
}
