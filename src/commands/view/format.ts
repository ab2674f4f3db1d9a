/** Numbers, times and tables for people. */

import { stripVTControlCharacters } from 'node:util';

export { formatBytes, formatClock, formatElapsed, formatTime } from '../../model/figures.js';
export { printableData } from '../../model/printable.js';

/** `[####------]` */
export function formatBar(fraction: number, cells = 20): string {
  const full = Math.round(Math.min(1, Math.max(0, fraction)) * cells);
  return `[${'#'.repeat(full)}${'-'.repeat(cells - full)}]`;
}

/** Columns two spaces apart, without spaces at the ends of lines; cells may be coloured. */
export function formatColumns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, visibleWidth(cell));
    });
  }
  return rows.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - visibleWidth(cell)))
      .join('  ')
      .trimEnd(),
  );
}

function visibleWidth(text: string): number {
  return stripVTControlCharacters(text).length;
}
