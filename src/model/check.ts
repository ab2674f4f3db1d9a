/** One thing that must be in order before images can be published, and what was found. */

export type CheckState = 'ok' | 'warning' | 'failure';

export interface Check {
  /** `aws`, `temporal`, `eu-west-1`: lines of one area stand together. */
  readonly area: string;
  /** What was looked at, such as `search attributes`. */
  readonly what: string;
  readonly state: CheckState;
  readonly detail: string;
  /** The command or the change that mends it. */
  readonly next?: string;
}

export function ok(area: string, what: string, detail: string): Check {
  return { area, what, state: 'ok', detail };
}

export function warning(area: string, what: string, detail: string, next?: string): Check {
  return { area, what, state: 'warning', detail, ...(next === undefined ? {} : { next }) };
}

export function failure(area: string, what: string, detail: string, next: string): Check {
  return { area, what, state: 'failure', detail, next };
}
