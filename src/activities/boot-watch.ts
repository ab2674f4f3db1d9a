/** What the operator sees while an instance boots: how long, of how long, and the console's errors. */

import { readConsole } from '../aws/console-output.js';
import type { RegionAccess } from '../aws/region-access.js';
import type { WaitHeartbeat } from '../model/progress/heartbeat.js';
import { printable } from '../model/printable.js';

export interface Boot {
  readonly instanceId: string;
  /** The first instance of a test is 1. */
  readonly attempt?: { readonly number: number; readonly of: number } | undefined;
}

/** EC2 refreshes the console of a booting instance now and then; more looks see the same. */
const LOOKS = 8;
const LINES_MAX = 6;
const LINE_CHARS_MAX = 200;
const ERROR = /panic|error|fail|cannot|can't|denied|emergency|not found|no such|timed out/i;

/** Reports the wait for the agent while `work` waits for it. A console that cannot be read does not disturb the wait. */
export async function watchingBoot<T>(
  ec2: RegionAccess,
  { instanceId, attempt }: Boot,
  report: (beat: WaitHeartbeat) => void,
  work: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const limitMs = ec2.settings.agentPatienceMs;
  const beat: WaitHeartbeat = {
    version: 1,
    kind: 'wait',
    phase: `the SSM agent of ${instanceId}`,
    since: new Date(ec2.clock.now()).toISOString(),
    limitSeconds: Math.round(limitMs / 1_000),
    ...(attempt === undefined ? {} : { attempt }),
  };
  report(beat);
  const ended = new AbortController();
  const either = AbortSignal.any([signal, ended.signal]);
  const looking = lookAtConsole();
  try {
    return await work(signal);
  } finally {
    ended.abort(new Error('the wait for the agent has ended'));
    await looking;
  }

  async function lookAtConsole(): Promise<void> {
    try {
      for (;;) {
        await ec2.clock.delay(limitMs / LOOKS, either);
        const detail = errorLines(await readConsole(ec2, instanceId, either));
        if (detail !== undefined) report({ ...beat, detail });
      }
    } catch {
      // Ended, or EC2 refuses the look: the wait itself goes on.
    }
  }
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
