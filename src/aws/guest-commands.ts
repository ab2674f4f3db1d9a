/** Scripts on instances by SSM: sent, awaited, their exit status and output read. */

import { setMaxListeners } from 'node:events';
import { GetCommandInvocationCommand, SendCommandCommand } from '@aws-sdk/client-ssm';
import { EC2_SERVICE_EXCEPTION, ServiceError } from '../model/errors.js';
import { printable } from '../model/printable.js';
import { readConsole } from './console-output.js';
import { isCode } from './errors.js';
import { waitUntilLost } from './instances.js';
import type { RegionAccess } from './region-access.js';

export interface GuestCommand {
  readonly instanceId: string;
  /** The whole text for bash. */
  readonly script: string;
  readonly comment: string;
}

export interface GuestResult {
  readonly exitStatus: number;
  /** The first 24,000 characters (SSM API reference, GetCommandInvocation). */
  readonly stdout: string;
  /** The first 8,000 characters. */
  readonly stderr: string;
}

/** SSM API reference, SendCommand: TimeoutSeconds is for delivery only, 30 at least. */
const DELIVERY_TIMEOUT_SECONDS = 60;

/** All our commands are short: none of them is worth waiting for longer. */
const EXECUTION_TIMEOUT_SECONDS = 120;

const UNDELIVERED = 'command-undelivered';

/**
 * SSM API reference, GetCommandInvocation: "hasn't started running on the managed node, or it wasn't received".
 * The agent also says it of a script that was killed, not by its time-out.
 */
const NO_EXIT_STATUS = -1;

/** The last screens of a boot. */
const CONSOLE_CHARACTERS_MAX = 4_000;

const ENDED = ['Success', 'Failed', 'Cancelled', 'TimedOut'];

/** Runs a script that may run twice without harm: SendCommand has no token. */
export async function runGuestCommand(
  region: RegionAccess,
  command: GuestCommand,
  signal: AbortSignal,
): Promise<GuestResult> {
  const commandId = await send(region, command, signal);
  const status = await waitUntilEnded(region, commandId, signal);
  if (status !== 'Success' && status !== 'Failed')
    throw undelivered(region, command, `ended as ${status}`);
  return readResult(region, commandId, command, signal);
}

async function waitUntilEnded(
  region: RegionAccess,
  commandId: string,
  signal: AbortSignal,
): Promise<string> {
  // A dead agent leaves its commands InProgress (SSM user guide, monitor-commands).
  const boundMs = region.settings.commandPatienceMs;
  const beginMs = performance.now();
  region.sentAt.set(commandId, new Date());
  try {
    return await region.invocations.wait(
      commandId,
      (invocation) => {
        const { Status, StatusDetails } = invocation ?? {};
        if (Status !== undefined && ENDED.includes(Status)) return StatusDetails ?? Status;
        return performance.now() - beginMs > boundMs ? 'no end' : undefined;
      },
      signal,
    );
  } finally {
    region.sentAt.delete(commandId);
  }
}

async function send(
  region: RegionAccess,
  command: GuestCommand,
  signal: AbortSignal,
): Promise<string> {
  const { Command } = await region.ssm.send(
    new SendCommandCommand({
      DocumentName: 'AWS-RunShellScript',
      InstanceIds: [command.instanceId],
      Comment: command.comment.slice(0, 100),
      TimeoutSeconds: DELIVERY_TIMEOUT_SECONDS,
      Parameters: {
        // The agent runs the lines with sh; the scripts are bash.
        commands: [
          `exec bash -s <<'FEDIMG-END-OF-SCRIPT'\n${command.script}\nFEDIMG-END-OF-SCRIPT`,
        ],
        executionTimeout: [String(EXECUTION_TIMEOUT_SECONDS)],
      },
    }),
    { abortSignal: signal },
  );
  if (Command?.CommandId === undefined) throw new TypeError('SendCommand answered without an id');
  return Command.CommandId;
}

async function readResult(
  region: RegionAccess,
  commandId: string,
  command: GuestCommand,
  signal: AbortSignal,
): Promise<GuestResult> {
  const invocation = await region.ssm.send(
    new GetCommandInvocationCommand({ CommandId: commandId, InstanceId: command.instanceId }),
    { abortSignal: signal },
  );
  // Its end was seen in a listing, behind which this look-up may lag.
  const { Status = 'nothing', ResponseCode = NO_EXIT_STATUS } = invocation;
  if (!ENDED.includes(Status))
    throw undelivered(region, command, `is ${Status}, though its end was listed,`);
  // With 0, the agent's worker died before it had one: the code is left as it was (amazon-ssm-agent, outofproc).
  if (ResponseCode === NO_EXIT_STATUS || (ResponseCode === 0 && Status === 'Failed'))
    throw undelivered(region, command, `ended as ${Status} without an exit status`);
  return {
    exitStatus: ResponseCode,
    stdout: invocation.StandardOutputContent ?? '',
    stderr: invocation.StandardErrorContent ?? '',
  };
}

/**
 * Resolves when the instance's agent answers; rejects as `lost` when the instance ends instead, or, with the end
 * of its console, when the agent does not answer in time.
 */
export async function waitUntilAgentOnline(
  region: RegionAccess,
  instanceId: string,
  signal: AbortSignal,
): Promise<void> {
  const isOnline = await waitForAgent(region, instanceId, signal);
  if (isOnline) return;
  // It says why an image does not boot, or why the agent could not be installed.
  const console = await readConsole(region, instanceId, signal).catch(() => '');
  const end = console.replaceAll('\r\n', '\n').slice(-CONSOLE_CHARACTERS_MAX);
  throw agentMissing(region, instanceId, printable(end));
}

/** False when patience has ended. */
function waitForAgent(
  region: RegionAccess,
  instanceId: string,
  signal: AbortSignal,
): Promise<boolean> {
  const beginMs = performance.now();
  return untilLost(region, instanceId, signal, (untilEither) =>
    region.agents.wait(
      instanceId,
      (agent) => {
        if (agent?.PingStatus === 'Online') return true;
        return performance.now() - beginMs > region.settings.agentPatienceMs ? false : undefined;
      },
      untilEither,
    ),
  );
}

/** Does the work, but ends as `lost` when the instance does, or what else is watched: a dead agent's commands never end. */
export async function untilLost<T>(
  region: RegionAccess,
  instanceId: string,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
  alsoWatched: readonly (typeof waitUntilLost)[] = [],
): Promise<T> {
  const either = new AbortController();
  const both = AbortSignal.any([signal, either.signal]);
  // Every command that is sent meanwhile listens, and some at the same time.
  setMaxListeners(0, both);
  const watches = [waitUntilLost, ...alsoWatched].map((watch) => watch(region, instanceId, both));
  try {
    return await Promise.race([work(both), ...watches]);
  } finally {
    either.abort(new Error('the other wait has ended'));
    for (const watch of watches) watch.catch(() => undefined);
  }
}

/** Rejects as `lost` when the agent has been silent for its patience: its commands would never end. To be raced against work on it. */
export function waitUntilAgentLost(
  region: RegionAccess,
  instanceId: string,
  signal: AbortSignal,
): Promise<never> {
  let silentSince: number | undefined;
  return region.agents.wait<never>(
    instanceId,
    (agent) => {
      if (agent?.PingStatus === 'Online') silentSince = undefined;
      else silentSince ??= performance.now();
      if (silentSince === undefined) return undefined;
      if (performance.now() - silentSince <= region.settings.agentPatienceMs) return undefined;
      throw agentDead(region, instanceId);
    },
    signal,
  );
}

/** The agent has not registered yet, restarts, or is dead: nothing on the instance was heard of. */
export function isAgentAbsent(error: unknown): boolean {
  const undelivered = error instanceof ServiceError && error.details.code === UNDELIVERED;
  return undelivered || isCode(error, 'InvalidInstanceId');
}

function undelivered(region: RegionAccess, command: GuestCommand, state: string): ServiceError {
  return new ServiceError(
    EC2_SERVICE_EXCEPTION,
    `the command "${command.comment}" ${state} on ${command.instanceId} in ${region.name}`,
    {
      code: UNDELIVERED,
      class: 'not-yet',
      next: 'It is sent again; if that repeats, look at the SSM agent on the instance.',
      region: region.name,
      resource: command.instanceId,
    },
  );
}

/** An agent that was there and is not heard of any more. */
export function agentDead(region: RegionAccess, instanceId: string, cause?: unknown): ServiceError {
  return new ServiceError(
    EC2_SERVICE_EXCEPTION,
    `the SSM agent of ${instanceId} in ${region.name} does not answer any more${cause instanceof Error ? `: ${cause.message}` : ''}`,
    {
      code: 'agent-dead',
      class: 'lost',
      next: 'A new instance is launched by itself.',
      region: region.name,
      resource: instanceId,
    },
    { cause },
  );
}

function agentMissing(region: RegionAccess, instanceId: string, console: string): ServiceError {
  const minutes = Math.round(region.settings.agentPatienceMs / 60_000);
  return new ServiceError(
    EC2_SERVICE_EXCEPTION,
    `the SSM agent of ${instanceId} in ${region.name} did not register within ${minutes} minutes`,
    {
      code: 'agent-missing',
      class: 'lost',
      next: 'If the next instance is silent, too: check that it boots (its console is shown as the output), that its instance profile allows SSM, and that it reaches the ssm endpoints on port 443.',
      region: region.name,
      resource: instanceId,
      ...(console === '' ? {} : { output: console }),
    },
  );
}
