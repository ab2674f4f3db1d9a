/** Text from machines that are not trusted, made safe for terminals, logs and pages. */

import { redacted } from './redact.js';

/** Line breaks and tabs stay; every other control, bidirectional, invisible or unassigned character becomes `\u{1b}`. */
export function printable(text: string): string {
  return text.replace(/(?![\t\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/gu, escaped);
}

/** Plain data with every text in it made printable, so that no part of it can steer a terminal. */
export function printableData<T>(data: T): T {
  if (typeof data === 'string') return printable(data) as T;
  if (Array.isArray(data)) return data.map((item: unknown) => printableData(item)) as T;
  if (typeof data !== 'object' || data === null) return data;
  return Object.fromEntries(
    Object.entries(data).map(([key, value]: [string, unknown]) => [key, printableData(value)]),
  ) as T;
}

/** One line of printable ASCII; every other character becomes `\u{1b}`. */
export function printableAscii(text: string): string {
  return text.replace(/[^\x20-\x7e]/gu, escaped);
}

function escaped(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

/** A text as an error quotes it: one line of printable ASCII in quotes, cut to `charsMax` characters. */
export function shownText(text: string, charsMax = 200): string {
  const cut = text.length > charsMax ? `${text.slice(0, charsMax)}...` : text;
  return JSON.stringify(cut).replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Of the characters of a text: a coloured log stays well below this share, a compressed file well above. */
const BINARY_SHARE = 0.2;

/** A program's output for people, without secrets; binary data is counted instead of shown. */
export function readableOutput(text: string): string {
  const strange = text.match(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\ufffd]/gu) ?? [];
  const count = strange.filter((character) => !'\t\n\r\u001b'.includes(character)).length;
  if (count <= text.length * BINARY_SHARE) return printable(redacted(text));
  return `(${text.length} characters of binary data)\n`;
}

/** A URL without its query, which may be a signature, and without credentials. */
export function bareUrl(url: string): string {
  return url.replace(/[?#][^]*$/, '').replace(/^([^/]{0,20}\/\/)[^/]*@/, '$1');
}

/** `bareUrl` as one line of printable ASCII, cut to 300 characters. */
export function printableUrl(text: string): string {
  const bare = bareUrl(text);
  return printableAscii(bare.length > 300 ? `${bare.slice(0, 300)}...` : bare);
}
