/** Fits text with colours to the width of a terminal. */

import sliceAnsi from 'slice-ansi';
import stringWidth from 'string-width';

/** One column each. */
const PLAIN = /^[\x20-\x7e]*$/;

/** Columns of a terminal: a colour code takes none, an ideograph two. */
export function visibleWidth(text: string): number {
  return PLAIN.test(text) ? text.length : stringWidth(text);
}

/** More than any line needs for a column: colours, and marks that stand on a letter. */
const UNITS_PER_COLUMN = 16;

/** Cuts a line that is too long, between whole characters; its colours end with it. */
export function fitted(line: string, width: number): string {
  // A screen is drawn again and again: what is far behind its edge is not measured.
  const head = line.slice(0, UNITS_PER_COLUMN * width);
  if (head === line && visibleWidth(line) <= width) return line;
  const left = Math.max(0, width - 1);
  const cut = sliceAnsi(head, 0, left);
  // It keeps a wide character of which one column fits.
  return `${visibleWidth(cut) > left ? sliceAnsi(head, 0, left - 1) : cut}…`;
}

/** Breaks a line without colours at spaces; the lines after the first are indented. A word that is longer than a line, such as an id, is broken: it must not be cut. */
export function wrapped(line: string, width: number, indent: string): string[] {
  const lead = /^ */.exec(line)?.[0] ?? '';
  const lines: string[] = [];
  let current = lead;
  const longest = Math.max(1, width - Math.max(lead.length, indent.length));
  for (const word of line
    .trim()
    .split(/ +/)
    .flatMap((one) => pieces(one, longest))) {
    const isFirst = current.trim() === '';
    const joined = isFirst ? `${current}${word}` : `${current} ${word}`;
    if (visibleWidth(joined) <= width || isFirst) {
      current = joined;
      continue;
    }
    lines.push(current);
    current = `${indent}${word}`;
  }
  return [...lines, current];
}

/** Cells of one width, as many in a line as fit. */
export function gridLines(cells: readonly string[], width: number, indent: string): string[] {
  const cellWidth = Math.max(0, ...cells.map(visibleWidth)) + 2;
  const perLine = Math.max(1, Math.floor((width - indent.length + 2) / cellWidth));
  const lines: string[] = [];
  for (let from = 0; from < cells.length; from += perLine) {
    const row = cells.slice(from, from + perLine);
    const padded = row.map((cell) => cell + ' '.repeat(cellWidth - visibleWidth(cell)));
    lines.push(`${indent}${padded.join('')}`.trimEnd());
  }
  return lines;
}

function pieces(word: string, longest: number): string[] {
  const parts: string[] = [];
  let part = '';
  let width = 0;
  for (const character of word) {
    const own = visibleWidth(character);
    if (part !== '' && width + own > longest) {
      parts.push(part);
      part = '';
      width = 0;
    }
    part += character;
    width += own;
  }
  return part === '' ? parts : [...parts, part];
}
