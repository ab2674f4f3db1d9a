/** Fits text with colours to the width of a terminal. */

import { stripVTControlCharacters } from 'node:util';

/** The colour codes that `styleText` writes. */
// eslint-disable-next-line no-control-regex
const COLOUR = /\u001b\[[0-9;]*m/g;
const RESET = '\u001b[0m';

export function visibleWidth(text: string): number {
  return stripVTControlCharacters(text).length;
}

/** Cuts a line that is too long; its colours end with it. */
export function fitted(line: string, width: number): string {
  if (visibleWidth(line) <= width) return line;
  let left = Math.max(0, width - 1);
  let text = '';
  let from = 0;
  let hasColour = false;
  for (const match of line.matchAll(COLOUR)) {
    const plain = line.slice(from, match.index);
    if (plain.length >= left) break;
    text += plain + match[0];
    left -= plain.length;
    from = match.index + match[0].length;
    hasColour = true;
  }
  const rest = cut(stripVTControlCharacters(line.slice(from)), left);
  return `${text}${rest}…${hasColour ? RESET : ''}`;
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
    if (joined.length <= width || isFirst) {
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
  for (let from = 0; from < word.length; from += parts.at(-1)?.length ?? 0) {
    parts.push(cut(word.slice(from), longest) || word.slice(from, from + 2));
  }
  return parts;
}

/** Never ends between the two halves of a character. */
function cut(text: string, width: number): string {
  return text.slice(0, width).replace(/[\ud800-\udbff]$/, '');
}
