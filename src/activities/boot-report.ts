/** What the operator sees while an instance boots: how long, of how long, and the console's errors. */

import type { RegionAccess } from '../aws/region-access.js';
import type { WaitHeartbeat } from '../model/progress/heartbeat.js';
import { printable } from '../model/printable.js';

export interface Boot {
  readonly instanceId: string;
  /** The first instance of a test is 1. */
  readonly attempt?: { readonly number: number; readonly of: number } | undefined;
}

const LINES_MAX = 6;
const LINE_CHARS_MAX = 200;
const ERROR = /panic|error|fail|cannot|can't|denied|emergency|not found|no such|timed out/i;

/** Reports the wait for the agent at once. `show` adds the errors of a console that was read meanwhile. */
export function reportBoot(
  ec2: RegionAccess,
  { instanceId, attempt }: Boot,
  report: (beat: WaitHeartbeat) => void,
): { readonly show: (console: string) => undefined } {
  const beat: WaitHeartbeat = {
    version: 1,
    kind: 'wait',
    phase: `the SSM agent of ${instanceId}`,
    since: new Date(ec2.clock.now()).toISOString(),
    limitSeconds: Math.round(ec2.settings.agentPatienceMs / 1_000),
    ...(attempt === undefined ? {} : { instance: attempt }),
  };
  report(beat);
  return {
    show: (console) => {
      const detail = errorLines(console);
      if (detail !== undefined) report({ ...beat, detail });
      return undefined;
    },
  };
}

/** The last lines, when one of them looks like an error. */
export function errorLines(console: string): string | undefined {
  const lines = console
    .replaceAll('\r\n', '\n')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const at = lines.findLastIndex((line) => ERROR.test(line));
  if (at < 0) return undefined;
  const shown = lines
    .slice(Math.max(0, Math.min(at, lines.length - LINES_MAX)))
    .slice(0, LINES_MAX);
  return shown.map((line) => printable(line.slice(0, LINE_CHARS_MAX))).join('\n');
}
