/** The fixed scripts that run on instances; values reach them only as quoted arguments. */

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

/** The script's text, as it stands in the tree. */
export function guestScript(name: GuestScriptName): string {
  let text = texts.get(name);
  if (text === undefined) {
    text = readFileSync(new URL(`./${name}.sh`, import.meta.url), 'utf8');
    texts.set(name, text);
  }
  return text;
}

/** One shell word that stands for exactly `value`; what no word of UTF-8 in one line can hold is refused. */
export function quoted(value: string): string {
  // A lone surrogate would become another character on its way to the instance.
  if (/[\0\n\r\p{Surrogate}]/u.test(value)) {
    throw new TypeError(
      `no argument of a guest script may hold a line break, a NUL or half a character: ${shownText(value)}`,
    );
  }
  return `'${value.replaceAll("'", `'\\''`)}'`;
}

/** The script with its arguments set on a line of their own, ahead of the unchanged text. */
export function withArguments(name: GuestScriptName, args: readonly (string | number)[]): string {
  return `set -- ${args.map((arg) => quoted(String(arg))).join(' ')}\n${guestScript(name)}`;
}

/** User-data, which cloud-init runs with bash: the dead-man timer ahead of all else. */
export function userData(deadManMinutes: number, rest = ''): string {
  return `#!/bin/bash\n${withArguments('dead-man-timer', [deadManMinutes])}${rest}`;
}
