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
  ec2: RegionAccess,
  command: GuestCommand,
  signal: AbortSignal,
): Promise<GuestResult> {
  const commandId = await send(ec2, command, signal);
  const status = await waitUntilEnded(ec2, commandId, signal);
  if (status !== 'Success' && status !== 'Failed')
    throw undelivered(ec2, command, `ended as ${status}`);
  return readResult(ec2, commandId, command, signal);
}

async function waitUntilEnded(
  ec2: RegionAccess,
  commandId: string,
  signal: AbortSignal,
): Promise<string> {
  // A dead agent leaves its commands InProgress (SSM user guide, monitor-commands).
  const boundMs = ec2.settings.commandPatienceMs;
  const beginMs = ec2.clock.elapsed();
  ec2.sentAt.set(commandId, ec2.clock.now());
  try {
    return await ec2.invocations.wait(
      commandId,
      (invocation) => {
        const { Status, StatusDetails } = invocation ?? {};
        if (Status !== undefined && ENDED.includes(Status)) return StatusDetails ?? Status;
        return ec2.clock.elapsed() - beginMs > boundMs ? 'no end' : undefined;
      },
      signal,
    );
  } finally {
    ec2.sentAt.delete(commandId);
  }
}

async function send(
  ec2: RegionAccess,
  command: GuestCommand,
  signal: AbortSignal,
): Promise<string> {
  const { Command } = await ec2.ssm.send(
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
  ec2: RegionAccess,
  commandId: string,
  command: GuestCommand,
  signal: AbortSignal,
): Promise<GuestResult> {
  const invocation = await ec2.ssm.send(
    new GetCommandInvocationCommand({ CommandId: commandId, InstanceId: command.instanceId }),
    { abortSignal: signal },
  );
  // Its end was seen in a listing, behind which this look-up may lag.
  const { Status = 'nothing', ResponseCode = NO_EXIT_STATUS } = invocation;
  if (!ENDED.includes(Status))
    throw undelivered(ec2, command, `is ${Status}, though its end was listed,`);
  // With 0, the agent's worker died before it had one: the code is left as it was (amazon-ssm-agent, outofproc).
  if (ResponseCode === NO_EXIT_STATUS || (ResponseCode === 0 && Status === 'Failed'))
    throw undelivered(ec2, command, `ended as ${Status} without an exit status`);
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
  ec2: RegionAccess,
  instanceId: string,
  signal: AbortSignal,
): Promise<void> {
  const isOnline = await waitForAgent(ec2, instanceId, signal);
  if (isOnline) return;
  // It says why an image does not boot, or why the agent could not be installed.
  const console = await readConsole(ec2, instanceId, signal).catch(() => '');
  const end = console.replaceAll('\r\n', '\n').slice(-CONSOLE_CHARACTERS_MAX);
  throw agentMissing(ec2, instanceId, printable(end));
}

/** False when patience has ended. */
function waitForAgent(
  ec2: RegionAccess,
  instanceId: string,
  signal: AbortSignal,
): Promise<boolean> {
  const beginMs = ec2.clock.elapsed();
  return untilLost(ec2, instanceId, signal, (untilEither) =>
    ec2.agents.wait(
      instanceId,
      (agent) => {
        if (agent?.PingStatus === 'Online') return true;
        return ec2.clock.elapsed() - beginMs > ec2.settings.agentPatienceMs ? false : undefined;
      },
      untilEither,
    ),
  );
}

/** Does the work, but ends as `lost` when the instance does, or what else is watched: a dead agent's commands never end. */
export async function untilLost<T>(
  ec2: RegionAccess,
  instanceId: string,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
  alsoWatched: readonly (typeof waitUntilLost)[] = [],
): Promise<T> {
  const either = new AbortController();
  const both = AbortSignal.any([signal, either.signal]);
  // Every command that is sent meanwhile listens, and some at the same time.
  setMaxListeners(0, both);
  const watches = [waitUntilLost, ...alsoWatched].map((watch) => watch(ec2, instanceId, both));
  try {
    return await Promise.race([work(both), ...watches]);
  } finally {
    either.abort(new Error('the other wait has ended'));
    for (const watch of watches) watch.catch(() => undefined);
  }
}

/** Rejects as `lost` when the agent has been silent for its patience: its commands would never end. To be raced against work on it. */
export function waitUntilAgentLost(
  ec2: RegionAccess,
  instanceId: string,
  signal: AbortSignal,
): Promise<never> {
  let silentSince: number | undefined;
  return ec2.agents.wait<never>(
    instanceId,
    (agent) => {
      if (agent?.PingStatus === 'Online') silentSince = undefined;
      else silentSince ??= ec2.clock.elapsed();
      if (silentSince === undefined) return undefined;
      if (ec2.clock.elapsed() - silentSince <= ec2.settings.agentPatienceMs) return undefined;
      throw agentDead(ec2, instanceId);
    },
    signal,
  );
}

/** The agent has not registered yet, restarts, or is dead: nothing on the instance was heard of. */
export function isAgentAbsent(error: unknown): boolean {
  const undelivered = error instanceof ServiceError && error.details.code === UNDELIVERED;
  return undelivered || isCode(error, 'InvalidInstanceId');
}

function undelivered(ec2: RegionAccess, command: GuestCommand, state: string): ServiceError {
  return new ServiceError(
    EC2_SERVICE_EXCEPTION,
    `the command "${command.comment}" ${state} on ${command.instanceId} in ${ec2.name}`,
    {
      code: UNDELIVERED,
      class: 'not-yet',
      next: 'It is sent again; if that repeats, look at the SSM agent on the instance.',
      region: ec2.name,
      resource: command.instanceId,
    },
  );
}

/** An agent that was there and is not heard of any more. */
export function agentDead(ec2: RegionAccess, instanceId: string, cause?: unknown): ServiceError {
  return new ServiceError(
    EC2_SERVICE_EXCEPTION,
    `the SSM agent of ${instanceId} in ${ec2.name} does not answer any more${cause instanceof Error ? `: ${cause.message}` : ''}`,
    {
      code: 'agent-dead',
      class: 'lost',
      next: 'A new instance is launched by itself.',
      region: ec2.name,
      resource: instanceId,
    },
    { cause },
  );
}

function agentMissing(ec2: RegionAccess, instanceId: string, console: string): ServiceError {
  const minutes = Math.round(ec2.settings.agentPatienceMs / 60_000);
  return new ServiceError(
    EC2_SERVICE_EXCEPTION,
    `the SSM agent of ${instanceId} in ${ec2.name} did not register within ${minutes} minutes`,
    {
      code: 'agent-missing',
      class: 'lost',
      next: 'If the next instance is silent, too: check that it boots (its console is shown as the output), that its instance profile allows SSM, and that it reaches the ssm endpoints on port 443.',
      region: ec2.name,
      resource: instanceId,
      ...(console === '' ? {} : { output: console }),
    },
  );
}
