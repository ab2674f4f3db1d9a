/**
 * The INI dialect that fedimg 0.x read: RawConfigParser of Python 2.7. It does not interpolate, so a `%` is a
 * percent sign. The INI readers of npm lack continuation lines and line numbers.
 */

/** One line of a value, without the spaces around it. */
export interface ValueLine {
  text: string;
  /** From 1. */
  line: number;
}

/** One `key = value`; a repeated key is two entries. */
export interface IniEntry {
  section: string;
  /** In lower case. */
  key: string;
  /** From 1. */
  line: number;
  /** Never empty: the rest of the key's own line, then its continuation lines. */
  value: [ValueLine, ...ValueLine[]];
}

/** A line that RawConfigParser would refuse. The message does not quote it: it may hold a secret. */
export class IniError extends Error {
  override readonly name = 'IniError';
  /** From 1. */
  readonly line: number;

  constructor(message: string, line: number) {
    super(message);
    this.line = line;
  }
}

/** Reads sections, `key = value` and `key: value`. Throws `IniError` at the first line that is neither. */
export function parseIni(text: string): IniEntry[] {
  const entries: IniEntry[] = [];
  let section: string | undefined;
  let last: IniEntry | undefined;
  for (const [index, content] of text.split('\n').entries()) {
    const line = index + 1;
    if (isComment(content)) continue;
    if (last !== undefined && isIndented(content)) {
      // RawConfigParser has no comments here: an indented line belongs to the value.
      last.value.push({ text: content.trim(), line });
      continue;
    }
    // Text behind the bracket is ignored, as in Python.
    const header = /^\[([^\]]+)\]/.exec(content)?.[1];
    if (header !== undefined) {
      section = header;
      last = undefined;
      continue;
    }
    if (section === undefined) throw new IniError('stands before the first [section]', line);
    last = keyValue(content, section, line);
    entries.push(last);
  }
  return entries;
}

function isIndented(content: string): boolean {
  return /^[ \t\f\v\r]/.test(content);
}

function isComment(content: string): boolean {
  return /^[#;]/.test(content) || content.trim() === '' || /^rem(?:\s|$)/i.test(content);
}

function keyValue(content: string, section: string, line: number): IniEntry {
  const at = content.search(/[:=]/);
  const key = content.slice(0, Math.max(0, at)).trim().toLowerCase();
  if (at < 0 || key === '' || isIndented(content)) {
    throw new IniError(
      'is neither [section] nor "key = value"; a line that continues the value above must be indented',
      line,
    );
  }
  return { section, key, line, value: [{ text: valueText(content.slice(at + 1)), line }] };
}

/** On a key's own line, and only there, a `;` behind a space begins a comment; only the first `;` counts. */
function valueText(rest: string): string {
  const value = rest.trim();
  const at = value.indexOf(';');
  const bare = at > 0 && /\s/.test(value.charAt(at - 1)) ? value.slice(0, at).trim() : value;
  return bare === '""' ? '' : bare;
}
