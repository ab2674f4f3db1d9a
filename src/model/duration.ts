/** Durations as people write them: `90s`, `30m`, `2h`, `1h30m`. */

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
type Unit = keyof typeof UNIT_MS;

const UNITS = Object.keys(UNIT_MS).join('|');
/** The form of a duration, as a regular expression. */
export const DURATION_PATTERN = `^(?:\\d+(?:${UNITS}))+$`;
const DURATION = new RegExp(DURATION_PATTERN);
const PART = new RegExp(`(\\d+)(${UNITS})`, 'g');
const CHARS_MAX = 20;

/** What a message about a text that is not a duration offers instead. */
export const DURATION_EXAMPLES = '90s, 30m or 2h';

/** Milliseconds, or `undefined` when the text is not a duration. */
export function parseDuration(text: string): number | undefined {
  if (text.length > CHARS_MAX || !DURATION.test(text)) return undefined;
  let totalMs = 0;
  for (const [, count, unit] of text.matchAll(PART)) {
    totalMs += Number(count) * UNIT_MS[unit as Unit];
  }
  return Number.isSafeInteger(totalMs) ? totalMs : undefined;
}
