/** The fixed scripts that run on instances. Values reach them only as quoted arguments. */

import { readFileSync } from 'node:fs';
import { shownText } from '../model/printable.js';

export type GuestScriptName =
  | 'start-unit'
  | 'follow-unit'
  | 'write-image'
  | 'run-test'
  | 'read-output'
  | 'dead-man-timer'
  | 'ssm-user-data'
  | 'console-user-data';

const texts = new Map<GuestScriptName, string>();

/** The script's text, unchanged. */
export function guestScript(name: GuestScriptName): string {
  let text = texts.get(name);
  if (text === undefined) {
    text = readFileSync(new URL(`./${name}.sh`, import.meta.url), 'utf8');
    texts.set(name, text);
  }
  return text;
}

/** Quotes `value` as one shell word. Throws for values that one line of UTF-8 cannot hold. */
export function quoted(value: string): string {
  // UTF-8 would replace a lone surrogate by another character.
  if (/[\0\n\r\p{Surrogate}]/u.test(value)) {
    throw new TypeError(
      `no argument of a guest script may hold a line break, a NUL or half a character: ${shownText(value)}`,
    );
  }
  return `'${value.replaceAll("'", `'\\''`)}'`;
}

/** The unchanged script, with a line in front that sets its arguments. */
export function withArguments(name: GuestScriptName, args: readonly (string | number)[]): string {
  return `set -- ${args.map((arg) => quoted(String(arg))).join(' ')}\n${guestScript(name)}`;
}

/** User-data, which cloud-init runs with bash; the dead-man timer comes first. */
export function userData(deadManMinutes: number, rest = ''): string {
  return `#!/bin/bash\n${withArguments('dead-man-timer', [deadManMinutes])}${rest}`;
}
