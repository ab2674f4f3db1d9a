/** Prints AMIs for people and for programs. */

import type { AmiRow } from '../../client/amis.js';
import { amiRow, recordsOfRun } from '../../client/amis.js';
import type { Session } from '../../client/session.js';
import { linkTo } from '../../client/session.js';
import type { PublicationStatus } from '../../client/status.js';
import { overviewOf } from '../../model/status/compose-overview.js';
import { runErrorOf } from '../../model/status/run-error.js';
import { amiLines, compactAmiLines, countLine } from './ami-table.js';
import type { OutputFormat } from '../shared/options.js';
import type { Terminal } from './terminal.js';

/** The formats in which every AMI is a row. */
export const ROW_FORMATS: readonly OutputFormat[] = ['table', 'json', 'jsonl', 'name'];

export function printRows(terminal: Terminal, format: OutputFormat, rows: readonly AmiRow[]): void {
  switch (format) {
    case 'json':
      return terminal.result(JSON.stringify(rows, null, 2));
    case 'jsonl':
      for (const row of rows) terminal.result(JSON.stringify(row));
      return;
    case 'name':
      for (const { ami } of rows) if (ami !== null) terminal.result(ami);
      return;
    case 'table':
      if (rows.length > 0) terminal.result(amiLines(rows, terminal.paint).join('\n'));
      terminal.note(rows.length === 0 ? 'No AMIs yet.' : countLine(rows));
  }
}

/** As `printSummary`. For a run without a result, JSON is the object `{error}` of the failure, with the next act. */
export async function printOutcome(
  terminal: Terminal,
  format: OutputFormat,
  read: { readonly session: Session; readonly status: PublicationStatus },
): Promise<void> {
  const error = runErrorOf(overviewOf(read.status));
  const hasResult = ['published', 'partly-published', 'already-published'].includes(
    read.status.outcome,
  );
  if (hasResult || error === null || (format !== 'json' && format !== 'jsonl')) {
    await printSummary(terminal, format, read);
    return;
  }
  terminal.result(JSON.stringify({ error }, null, format === 'json' ? 2 : 0));
}

/** After `--wait` or `--watch`: all AMIs of the run, also those that a failed run left public. */
export async function printSummary(
  terminal: Terminal,
  format: OutputFormat,
  { session, status }: { readonly session: Session; readonly status: PublicationStatus },
): Promise<void> {
  const images = status.kind === 'image' ? [status] : status.images;
  const records = await Promise.all(images.map((image) => recordsOfRun(session, image)));
  const rows = records.flat().map((record) => amiRow(record, (run) => linkTo(session, run)));
  if (format !== 'table') return printRows(terminal, format, rows);
  // For a run without AMIs the failure is enough.
  if (!rows.some(({ ami }) => ami !== null)) return;
  terminal.result(compactAmiLines(rows, terminal.paint).join('\n'));
  terminal.note(countLine(rows));
}
