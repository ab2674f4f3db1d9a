/** The few macros of man(7) that our pages use, with every text escaped. */

export function page(parts: readonly string[]): string {
  // Behind a heading, text begins without a paragraph.
  return `${parts.join('\n')}\n`.replace(/^(\.S[HS] .*\n)\.PP\n/gm, '$1');
}

/** A text in a line of roff: no escape, no macro, and dashes that can be copied. */
export function roff(text: string): string {
  const plain = text.replaceAll('\\', '\\e').replaceAll('-', '\\-');
  return plain.replace(/^([.'])/gm, '\\&$1');
}

export function title(name: string, section: number, version: string): string {
  // No date: the same sources give the same page.
  return `.TH ${name.toUpperCase()} ${section} "" "fedimg ${version}" "fedimg"`;
}

export function section(name: string): string {
  return `.SH ${name.toUpperCase()}`;
}

export function subsection(name: string): string {
  return `.SS ${roff(name)}`;
}

/** One paragraph; line breaks of the text become spaces. */
export function paragraph(text: string): string {
  return `.PP\n${flowing(text)}`;
}

/** A term in bold, and below it what it means. */
export function term(name: string, meaning: string): string {
  return `.TP\n\\fB${roff(name)}\\fR\n${flowing(meaning === '' ? '(no description)' : meaning)}`;
}

/** Lines that stay as they are. */
export function literal(lines: readonly string[]): string {
  return [
    '.PP',
    '.RS 4',
    '.nf',
    ...lines.map((line) => roff(line === '' ? ' ' : line)),
    '.fi',
    '.RE',
  ].join('\n');
}

/** Each sentence begins a line, as man(7) wants it. */
function flowing(text: string): string {
  const oneLine = text.trim().replace(/\s+/g, ' ');
  return oneLine
    .split(/(?<=[.?!]) (?=[A-Z"`])/)
    .map(roff)
    .join('\n');
}
