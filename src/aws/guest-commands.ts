/** Scripts on instances by SSM: sends one, waits for its end, and reads its exit status and output. */

import { GetCommandInvocationCommand, SendCommandCommand } from '@aws-sdk/client-ssm';
import { EC2_SERVICE_EXCEPTION, ServiceError } from '../model/errors.js';
import { isCode } from './errors.js';
import type { RegionAccess } from './region-access.js';

export interface GuestCommand {
  readonly instanceId: string;
  /** The whole text for bash. */
  readonly script: string;
  readonly comment: string;
  /** How long it runs, where the caller knows it. */
  readonly expectedMs?: number;
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

/** All our commands are short; long programs run as units of their own. */
const EXECUTION_TIMEOUT_SECONDS = 120;

const UNDELIVERED = 'command-undelivered';

/**
 * SSM API reference, GetCommandInvocation: "hasn't started running on the managed node, or it wasn't received".
 * The agent also reports it for a script that was killed other than by its time-out.
 */
const NO_EXIT_STATUS = -1;

const ENDED = ['Success', 'Failed', 'Cancelled', 'TimedOut'];

/** Runs a script that may run twice without harm: SendCommand has no token. */
export async function runGuestCommand(
  ec2: RegionAccess,
  command: GuestCommand,
  signal: AbortSignal,
): Promise<GuestResult> {
  const commandId = await send(ec2, command, signal);
  const status = await waitUntilEnded(ec2, commandId, command, signal);
  if (status !== 'Success' && status !== 'Failed')
    throw undelivered(ec2, command, `ended as ${status}`);
  return readResult(ec2, commandId, command, signal);
}

async function waitUntilEnded(
  ec2: RegionAccess,
  commandId: string,
  { expectedMs }: GuestCommand,
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
      { kind: 'command', ...(expectedMs === undefined ? {} : { expectedMs }) },
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
  // The listing showed its end, and this look-up may lag behind the listing.
  const { Status = 'nothing', ResponseCode = NO_EXIT_STATUS } = invocation;
  if (!ENDED.includes(Status))
    throw undelivered(ec2, command, `is ${Status}, though its end was listed,`);
  // Failed with 0: the agent's worker died before it had a status, and the code kept its first value (amazon-ssm-agent, outofproc).
  if (ResponseCode === NO_EXIT_STATUS || (ResponseCode === 0 && Status === 'Failed'))
    throw undelivered(ec2, command, `ended as ${Status} without an exit status`);
  return {
    exitStatus: ResponseCode,
    stdout: invocation.StandardOutputContent ?? '',
    stderr: invocation.StandardErrorContent ?? '',
  };
}

/** True when the command did not reach the instance: its agent has not registered yet, restarts, or is dead. */
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
      next: 'The command is sent again; if this repeats, look at the SSM agent on the instance.',
      region: ec2.name,
      resource: command.instanceId,
    },
  );
}
