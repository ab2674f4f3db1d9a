/** What a text must not hold when it goes to a terminal, a log, a message, a tag or a table. */

import assert from 'node:assert/strict';

/** Control, format (bidirectional, zero-width), line and paragraph separators, surrogates, private, unassigned. */
const STEERING = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/u;

/** Errors of a line each; an operator cannot read more. */
const MESSAGE_CHARS_MAX = 20_000;

/** One line, and nothing in it that steers a terminal or hides from a reader. */
export function assertPlainLine(text: string): void {
  assertPlain(text, false);
}

/** The same, but of several lines. */
export function assertPlainText(text: string): void {
  assertPlain(text, true);
}

function assertPlain(text: string, lines: boolean, charsMax = MESSAGE_CHARS_MAX): void {
  const scanned = lines ? text.replaceAll(/[\n\t]/g, '') : text;
  const found = STEERING.exec(scanned);
  const at = found === null ? '' : `U+${found[0].codePointAt(0)?.toString(16)} at ${found.index}`;
  assert.equal(found, null, `shows ${at} of ${JSON.stringify(text.slice(0, 200))}`);
  assert(text.length <= charsMax, `shows ${text.length} characters`);
}

/** Nothing in it steers a terminal, however long it is. */
export function assertHarmless(text: string): void {
  assertPlain(text, true, Infinity);
}

/** Says something, what to do next included where the error has a place for it. */
export function assertReadable(error: Error): void {
  assert(error.message.length > 8, `an error without a reason: ${error.name}`);
  assertPlainText(error.message);
  if ('next' in error && typeof error.next === 'string') {
    assert(error.next.length > 8, `an error that leaves the operator alone: ${error.message}`);
    assertPlainLine(error.next);
  }
}

/** A predicate for documented errors: instances of these classes that can be read. */
export function readable(
  ...classes: readonly (abstract new (...args: never[]) => Error)[]
): (error: unknown) => boolean {
  return (error) => {
    if (!classes.some((one) => error instanceof one)) return false;
    assertReadable(error as Error);
    return true;
  };
}
