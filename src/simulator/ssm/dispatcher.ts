/** Brings commands to their nodes and their results back; what happens after SendCommand has answered. */

import type { Cloud } from '../cloud.js';
import type { CommandResult } from '../machine/machine.js';
import {
  expiresAt,
  invocationKey,
  isFinal,
  type CommandRecord,
  type InvocationRecord,
  type InvocationStatus,
  type SsmTables,
} from './command-state.js';
import { cutStandardError, cutStandardOutput } from './output.js';

export interface Dispatcher {
  /** Starts bringing an invocation to its node; returns at once. */
  dispatch(command: CommandRecord, invocation: InvocationRecord): void;
  /** Passes a cancel on to the node, if its agent hears it. */
  cancel(invocation: InvocationRecord): void;
  /** Takes up what was under way when the process ended. */
  resume(): void;
}

/** How often an agent that does not answer is tried again; AWS documents no interval. */
const retryMs = 100;

/** Exit codes with a meaning of their own: "Managing exit codes in Run Command commands" and the agent's GetStatus. */
const exitWithSuccess = 168;
const stoppedExitCode = 137;

/** What the agent reports of a command whose worker is gone (outofproc/master.go). */
const workerGone =
  'document process failed unexpectedly: document worker timed out , ' +
  'check [ssm-document-worker]/[ssm-session-worker] log for crash reason';

export function createDispatcher(cloud: Cloud, tables: SsmTables): Dispatcher {
  const running = new Map<string, AbortController>();

  function change(invocation: InvocationRecord, status: InvocationStatus, details: string): void {
    invocation.status = status;
    invocation.statusDetails = details;
    if (isFinal(status)) invocation.endedAt = cloud.clock.now();
    tables.invocations.put(invocationKey(invocation), invocation);
    cloud.happened(`command-${details}`, invocation.region, {
      commandId: invocation.commandId,
      instanceId: invocation.instanceId,
    });
  }

  const isOver = (invocation: InvocationRecord): boolean =>
    cloud.isClosed() || isFinal(invocation.status);

  const canCome = (invocation: InvocationRecord): boolean => {
    const state = cloud.instances.get(invocation.region, invocation.instanceId)?.state;
    return state === 'running' || state === 'pending';
  };

  /** False when it was not delivered in its time, or is over for another reason. */
  async function deliver(command: CommandRecord, invocation: InvocationRecord): Promise<boolean> {
    const deadline = command.requestedAt + command.timeoutSeconds * 1000;
    await cloud.clock.sleep(cloud.latency.draw('commandDelivery'));
    while (!isOver(invocation)) {
      if (cloud.agentOnline(invocation.region, invocation.instanceId)) return true;
      if (!canCome(invocation)) change(invocation, 'Failed', 'Undeliverable');
      else if (cloud.clock.now() >= deadline) change(invocation, 'TimedOut', 'DeliveryTimedOut');
      else {
        if (invocation.status === 'Pending') change(invocation, 'Delayed', 'Delayed');
        await cloud.clock.sleep(retryMs);
      }
    }
    return false;
  }

  /** A node whose agent is gone reports nothing, so the command stays in progress until it expires. */
  async function untilReportable(
    command: CommandRecord,
    invocation: InvocationRecord,
  ): Promise<boolean> {
    while (!isOver(invocation)) {
      if (cloud.clock.now() >= expiresAt(command)) break;
      if (cloud.agentOnline(invocation.region, invocation.instanceId)) return true;
      await cloud.clock.sleep(retryMs);
    }
    return false;
  }

  function report(invocation: InvocationRecord, result: CommandResult): void {
    invocation.responseCode = result.exitCode;
    invocation.stdout = cutStandardOutput(result.stdout);
    invocation.stderr = cutStandardError(result.stderr);
    change(invocation, ...statusOf(result));
  }

  function expireAt(command: CommandRecord, invocation: InvocationRecord): () => void {
    return cloud.clock.schedule(expiresAt(command) - cloud.clock.now(), () => {
      // Command, ExpiresAfter: what is still in progress then "changes status to DeliveryTimedOut".
      if (!isOver(invocation)) change(invocation, 'TimedOut', 'DeliveryTimedOut');
    });
  }

  async function run(command: CommandRecord, invocation: InvocationRecord): Promise<void> {
    if (!(await deliver(command, invocation))) return;
    const machine = cloud.machines.get(invocation.instanceId);
    if (machine === undefined) return change(invocation, 'Failed', 'Undeliverable');
    const abort = new AbortController();
    running.set(invocationKey(invocation), abort);
    const unschedule = expireAt(command, invocation);
    try {
      invocation.startedAt = cloud.clock.now();
      change(invocation, 'InProgress', 'InProgress');
      const { parameters } = command;
      const result = await machine.run({
        script: (parameters['commands'] ?? []).join('\n'),
        workingDirectory: parameters['workingDirectory']?.[0],
        timeoutSeconds: command.executionTimeoutSeconds,
        signal: abort.signal,
      });
      if (result.outcome === 'instance-gone' || isOver(invocation)) return;
      if (await untilReportable(command, invocation)) report(invocation, result);
    } finally {
      running.delete(invocationKey(invocation));
      // An expiry that is still to come decides about what was never reported.
      if (isOver(invocation)) unschedule();
    }
  }

  /** No guest outlives the process, so a command that ran has failed, which the agent says once it is back. */
  async function takeUp(command: CommandRecord, invocation: InvocationRecord): Promise<void> {
    const unschedule = expireAt(command, invocation);
    if (await untilReportable(command, invocation)) {
      const cancelled = invocation.status === 'Cancelling';
      report(invocation, {
        outcome: cancelled ? 'cancelled' : 'exited',
        exitCode: cancelled ? stoppedExitCode : -1,
        stdout: '',
        stderr: cancelled ? '' : workerGone,
      });
    }
    if (isOver(invocation)) unschedule();
  }

  function inBackground(work: Promise<void>, invocation: InvocationRecord): void {
    const contained = work.catch((error: unknown) => {
      if (cloud.isClosed()) return;
      cloud.log(`command ${invocation.commandId}: ${String(error)}`);
      if (!isFinal(invocation.status)) change(invocation, 'Failed', 'Failed');
    });
    cloud.background(contained);
  }

  return {
    dispatch: (command, invocation) => inBackground(run(command, invocation), invocation),
    cancel: (invocation) => {
      if (invocation.status === 'Pending' || invocation.status === 'Delayed') {
        return change(invocation, 'Cancelled', 'Cancelled');
      }
      if (invocation.status !== 'InProgress') return;
      change(invocation, 'Cancelling', 'Cancelling');
      const abort = running.get(invocationKey(invocation));
      cloud.clock.schedule(cloud.latency.draw('commandDelivery'), () => {
        if (cloud.agentOnline(invocation.region, invocation.instanceId)) abort?.abort();
      });
    },
    resume: () => {
      for (const invocation of tables.invocations.values()) {
        const command = tables.commands.get(invocation.commandId);
        if (command === undefined || isFinal(invocation.status)) continue;
        const delivered = invocation.status === 'InProgress' || invocation.status === 'Cancelling';
        const work = delivered ? takeUp(command, invocation) : run(command, invocation);
        inBackground(work, invocation);
      }
    },
  };
}

/** SSM user guide, "Understanding command statuses"; the agent's GetStatus for 137. */
function statusOf(result: CommandResult): [InvocationStatus, string] {
  if (result.outcome === 'cancelled') return ['Cancelled', 'Cancelled'];
  if (result.outcome === 'timed-out') return ['TimedOut', 'ExecutionTimedOut'];
  if (result.exitCode === 0 || result.exitCode === exitWithSuccess) return ['Success', 'Success'];
  // The agent takes 137 for its own SIGKILL, whoever sent it.
  if (result.exitCode === stoppedExitCode) return ['TimedOut', 'ExecutionTimedOut'];
  return ['Failed', 'Failed'];
}
