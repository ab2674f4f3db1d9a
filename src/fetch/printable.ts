/** Untrusted text as logs, terminals and messages may show it. */

import { bareUrl } from '../model/printable.js';

/** One line of printable ASCII: everything else is escaped, so that no text can steer a terminal. */
export function printableAscii(text: string): string {
  return text.replace(
    /[^\x20-\x7e]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}`,
  );
}

/** A URL without its query (it may be signed) and without credentials, cut to 300 characters. */
export function printableUrl(text: string): string {
  const bare = bareUrl(text);
  return printableAscii(bare.length > 300 ? `${bare.slice(0, 300)}...` : bare);
}
