/** The output of `follow-unit.sh`: key=value lines from a machine that is not trusted. */

import { shownText } from '../model/printable.js';

export type UnitReport =
  | {
      readonly state: 'running';
      readonly phase: string;
      readonly bytes: number;
      readonly total: number;
      /** Why the program does not go on, in the words of curl; it tries again by itself. */
      readonly obstacle?: { readonly text: string; readonly retryInSeconds: number };
    }
  | { readonly state: 'done'; readonly values: ReadonlyMap<string, string> }
  | { readonly state: 'lost' };

/** Reads a report; throws when the output is something else. */
export function parseUnitReport(stdout: string): UnitReport {
  const values = new Map<string, string>();
  for (const line of stdout.split('\n')) {
    const match = /^([a-z][a-z0-9_]{0,30})=([\x20-\x7e]{0,2000})$/.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined && !values.has(match[1])) {
      values.set(match[1], match[2]);
    }
  }
  switch (values.get('state')) {
    case 'lost':
      return { state: 'lost' };
    case 'done':
      return { state: 'done', values };
    case 'running':
      return {
        state: 'running',
        phase: values.get('phase') ?? 'start',
        bytes: wholeNumber(values.get('bytes')) ?? 0,
        total: wholeNumber(values.get('total')) ?? 0,
        ...obstacleIn(values),
      };
    default:
      throw new TypeError(`the output of follow-unit.sh is not a report: ${shownText(stdout)}`);
  }
}

function obstacleIn(values: ReadonlyMap<string, string>): {
  obstacle?: { text: string; retryInSeconds: number };
} {
  const text = values.get('obstacle');
  if (text === undefined) return {};
  const retryInSeconds = wholeNumber(values.get('obstacle_retry_seconds')) ?? 0;
  return { obstacle: { text, retryInSeconds } };
}

/** A non-negative safe integer, or undefined. */
export function wholeNumber(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,15}$/.test(text)) return undefined;
  return Number(text);
}
