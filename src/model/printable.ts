/** Text from machines that are not trusted, made safe for terminals, logs and pages. */

/** Line breaks and tabs stay; every other control, bidirectional and invisible character is escaped. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/gu, (character) => {
    if (character === '\n' || character === '\t') return character;
    const code = character.codePointAt(0) ?? 0;
    return `\\u{${code.toString(16)}}`;
  });
}

/** A text as an error quotes it: one line of printable ASCII in quotes, cut to `charsMax` characters. */
export function shownText(text: string, charsMax = 200): string {
  const cut = text.length > charsMax ? `${text.slice(0, charsMax)}...` : text;
  return JSON.stringify(cut).replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Of the characters of a text; a coloured log stays well below it, a compressed file well above. */
const BINARY_SHARE = 0.2;

/** A program's output for people: what is no text is counted instead of shown. */
export function readableOutput(text: string): string {
  const strange = text.match(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\ufffd]/gu) ?? [];
  const count = strange.filter((character) => !'\t\n\r\u001b'.includes(character)).length;
  if (count <= text.length * BINARY_SHARE) return printable(text);
  return `(${text.length} characters that are no text)\n`;
}

/** A URL without its query, which may be a signature, and without credentials. */
export function bareUrl(url: string): string {
  return url.replace(/[?#][^]*$/, '').replace(/^([^/]{0,20}\/\/)[^/]*@/, '$1');
}
