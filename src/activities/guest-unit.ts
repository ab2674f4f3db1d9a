/** A program that runs on an instance as a named systemd unit: started once, then followed to its end. */

import type { GuestCommand, GuestResult } from '../aws/guest-commands.js';
import { isAgentAbsent, runGuestCommand } from '../aws/guest-commands.js';
import type { Hindrance } from '../aws/obstacles.js';
import { obstacleSink } from '../aws/obstacles.js';
import { agentDead, untilLost, waitUntilAgentLost } from '../aws/ssm-agent.js';
import type { RegionAccess } from '../aws/region-access.js';
import type { GuestScriptName } from '../guest/guest-script.js';
import { guestScript, withArguments } from '../guest/guest-script.js';
import type { UnitReport } from '../guest/unit-report.js';
import { parseUnitReport } from '../guest/unit-report.js';
import type { ServiceErrorType } from '../model/errors.js';
import { ServiceError } from '../model/errors.js';
import { printable } from '../model/printable.js';
import type { WriteHeartbeat } from '../model/progress/heartbeat.js';
import { redacted } from '../model/redact.js';

export interface GuestUnit {
  readonly instanceId: string;
  /** The unit's name, the same in each attempt. */
  readonly name: string;
  readonly program: GuestScriptName;
  readonly args: readonly (string | number)[];
  /** The commands that the program calls; the error names those that are missing. */
  readonly tools: readonly string[];
  readonly errorType: ServiceErrorType;
}

/** Exit statuses of start-unit.sh. */
const EXIT_TOOLS_MISSING = 69;
const EXIT_UNIT_LOST = 70;

/** follow-unit.sh returns after this even without a change, so that the activity has progress for its heartbeat. */
const FOLLOW_SECONDS = 10;

/** The first times are shorter: a short program has ended by then. */
const FIRST_FOLLOWS_SECONDS = [1, 3];

/** SSM delivers a command within a second or two. */
const DELIVERY_MS = 1_500;

/** Runs the unit to its end; returns the values of its result. Rejects as `lost` when it ended without a result. */
export function runUnit(
  ec2: RegionAccess,
  unit: GuestUnit,
  report: (beat: WriteHeartbeat) => void,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const work = async (untilEither: AbortSignal): Promise<ReadonlyMap<string, string>> => {
    await startUnit(ec2, unit, untilEither);
    for (let time = 0; ; time += 1) {
      const state = await followUnit(ec2, unit, time, untilEither);
      if (state.state === 'done') return state.values;
      if (state.state === 'lost') throw unitLost(ec2, unit, 'it ended without a result');
      const { phase, bytes, total, obstacle } = state;
      obstacleSink()?.(unit.name, obstacle && downloadHindrance(unit, obstacle));
      report({ version: 1, kind: 'write', phase, bytes, totalBytes: total });
    }
  };
  return untilLost(ec2, unit.instanceId, signal, work, [waitUntilAgentLost]);
}

function downloadHindrance(
  { instanceId }: GuestUnit,
  { text, retryInSeconds }: { readonly text: string; readonly retryInSeconds: number },
): Hindrance {
  return {
    class: 'unreachable',
    message: printable(redacted(`the image server does not serve ${instanceId}: ${text}`)),
    nextTryAt: inSeconds(retryInSeconds),
  };
}

function inSeconds(seconds: number): string {
  return new Date(Date.now() + seconds * 1_000).toISOString();
}

async function startUnit(ec2: RegionAccess, unit: GuestUnit, signal: AbortSignal): Promise<void> {
  const program = Buffer.from(guestScript(unit.program)).toString('base64');
  const script = withArguments('start-unit', [
    unit.name,
    unit.tools.join(' '),
    program,
    ...unit.args,
  ]);
  const result = await runOnceOnline(ec2, unit, { script, comment: `start ${unit.name}` }, signal);
  if (result.exitStatus === 0) return;
  const output = result.stderr.trim();
  if (result.exitStatus === EXIT_UNIT_LOST) throw unitLost(ec2, unit, output);
  const missing = result.exitStatus === EXIT_TOOLS_MISSING;
  throw new ServiceError(
    unit.errorType,
    missing
      ? `${unit.instanceId} lacks these tools: ${output.replace(/^missing tools: */, '')}`
      : `${unit.name} did not start on ${unit.instanceId}: status ${result.exitStatus}: ${output}`,
    {
      code: missing ? 'tools-missing' : 'unit-start',
      class: 'refused',
      next: missing
        ? 'Launch from an image that has these tools: for the utility instance, "al2023" in the first item of [[amis]] does.'
        : 'Read the message of the instance, correct its cause, and publish again.',
      region: ec2.name,
      resource: unit.instanceId,
      output,
      exitStatus: result.exitStatus,
    },
  );
}

async function followUnit(
  ec2: RegionAccess,
  unit: GuestUnit,
  time: number,
  signal: AbortSignal,
): Promise<UnitReport> {
  const longest = Math.max(1, Math.min(FOLLOW_SECONDS, ec2.settings.followSeconds));
  const seconds = Math.min(longest, FIRST_FOLLOWS_SECONDS[time] ?? longest);
  const script = withArguments('follow-unit', [unit.name, seconds]);
  const expectedMs = DELIVERY_MS + seconds * 1_000;
  const command = { script, comment: `follow ${unit.name}`, expectedMs };
  const result = await runOnceOnline(ec2, unit, command, signal);
  return parseUnitReport(result.stdout);
}

/** Sends the same command again while the agent is away: it may be updating itself (SSM user guide). */
export async function runOnceOnline(
  ec2: RegionAccess,
  unit: Pick<GuestUnit, 'instanceId'>,
  command: Omit<GuestCommand, 'instanceId'>,
  signal: AbortSignal,
): Promise<GuestResult> {
  const beginMs = ec2.clock.elapsed();
  for (;;) {
    try {
      const result = await runGuestCommand(
        ec2,
        { ...command, instanceId: unit.instanceId },
        signal,
      );
      obstacleSink()?.('agent', undefined);
      return result;
    } catch (error) {
      if (!isAgentAbsent(error)) throw error;
      if (ec2.clock.elapsed() - beginMs > ec2.settings.agentPatienceMs) {
        throw agentDead(ec2, unit.instanceId, error);
      }
      obstacleSink()?.('agent', {
        class: 'not-yet',
        message: `the SSM agent of ${unit.instanceId} does not take commands; it may be updating itself`,
        region: ec2.name,
        nextTryAt: inSeconds(ec2.settings.commandPollIntervalMs / 1_000),
      });
      await ec2.clock.delay(ec2.settings.commandPollIntervalMs, signal);
    }
  }
}

function unitLost(ec2: RegionAccess, unit: GuestUnit, what: string): ServiceError {
  return new ServiceError(unit.errorType, `${unit.name} on ${unit.instanceId} is lost: ${what}`, {
    code: 'unit-lost',
    class: 'lost',
    next: 'The worker launches a new instance; you need not do anything.',
    region: ec2.name,
    resource: unit.instanceId,
  });
}
