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

/** How often an agent that does not answer is tried again; AWS documents no interval. */
const retryMs = 100;

/** Exit codes with a meaning of their own: "Managing exit codes in Run Command commands" and the agent's GetStatus. */
const exitWithSuccess = 168;
const stoppedExitCode = 137;

/** The agent's report of a command whose worker has ended (outofproc/master.go). */
const workerGone =
  'document process failed unexpectedly: document worker timed out , ' +
  'check [ssm-document-worker]/[ssm-session-worker] log for crash reason';

export class Dispatcher {
  readonly #cloud: Cloud;
  readonly #tables: SsmTables;
  /** Scripts that run now, by invocation. */
  readonly #running = new Map<string, AbortController>();

  constructor(cloud: Cloud, tables: SsmTables) {
    this.#cloud = cloud;
    this.#tables = tables;
  }

  /** Starts bringing an invocation to its node; returns at once. */
  dispatch(command: CommandRecord, invocation: InvocationRecord): void {
    this.#inBackground(this.#run(command, invocation), invocation);
  }

  /** Passes a cancel on to the node, if its agent answers. */
  cancel(invocation: InvocationRecord): void {
    const cloud = this.#cloud;
    if (invocation.status === 'Pending' || invocation.status === 'Delayed') {
      return this.#change(invocation, 'Cancelled', 'Cancelled');
    }
    if (invocation.status !== 'InProgress') return;
    this.#change(invocation, 'Cancelling', 'Cancelling');
    const abort = this.#running.get(invocationKey(invocation));
    cloud.clock.schedule(cloud.latency.draw('commandDelivery'), () => {
      if (cloud.agentOnline(invocation.region, invocation.instanceId)) abort?.abort();
    });
  }

  /** Goes on with what was under way when the process ended. */
  resume(): void {
    for (const invocation of this.#tables.invocations.values()) {
      const command = this.#tables.commands.get(invocation.commandId);
      if (command === undefined || isFinal(invocation.status)) continue;
      const delivered = invocation.status === 'InProgress' || invocation.status === 'Cancelling';
      const work = delivered ? this.#finish(command, invocation) : this.#run(command, invocation);
      this.#inBackground(work, invocation);
    }
  }

  async #run(command: CommandRecord, invocation: InvocationRecord): Promise<void> {
    const cloud = this.#cloud;
    if (!(await this.#deliver(command, invocation))) return;
    const machine = cloud.machines.get(invocation.instanceId);
    if (machine === undefined) return this.#change(invocation, 'Failed', 'Undeliverable');
    const abort = new AbortController();
    this.#running.set(invocationKey(invocation), abort);
    const unschedule = this.#expireLater(command, invocation);
    try {
      invocation.startedAt = cloud.clock.now();
      this.#change(invocation, 'InProgress', 'InProgress');
      const { parameters } = command;
      const result = await machine.run({
        script: (parameters['commands'] ?? []).join('\n'),
        workingDirectory: parameters['workingDirectory']?.[0],
        timeoutSeconds: command.executionTimeoutSeconds,
        signal: abort.signal,
      });
      if (result.outcome === 'instance-gone' || this.#isOver(invocation)) return;
      if (await this.#untilReportable(command, invocation)) this.#report(invocation, result);
    } finally {
      this.#running.delete(invocationKey(invocation));
      // Otherwise the expiry, which is still to come, ends the command.
      if (this.#isOver(invocation)) unschedule();
    }
  }

  /** False when it was not delivered in its time, or is over for another reason. */
  async #deliver(command: CommandRecord, invocation: InvocationRecord): Promise<boolean> {
    const cloud = this.#cloud;
    const deadline = command.requestedAt + command.timeoutSeconds * 1000;
    await cloud.clock.sleep(cloud.latency.draw('commandDelivery'));
    while (!this.#isOver(invocation)) {
      if (cloud.agentOnline(invocation.region, invocation.instanceId)) return true;
      if (!this.#canCome(invocation)) this.#change(invocation, 'Failed', 'Undeliverable');
      else if (cloud.clock.now() >= deadline) {
        this.#change(invocation, 'TimedOut', 'DeliveryTimedOut');
      } else {
        if (invocation.status === 'Pending') this.#change(invocation, 'Delayed', 'Delayed');
        await cloud.clock.sleep(retryMs);
      }
    }
    return false;
  }

  /** Whether the instance runs or is about to. */
  #canCome(invocation: InvocationRecord): boolean {
    const state = this.#cloud.instances.get(invocation.region, invocation.instanceId)?.state;
    return state === 'running' || state === 'pending';
  }

  /** A node whose agent is gone reports no result, so the command stays in progress until it expires. */
  async #untilReportable(command: CommandRecord, invocation: InvocationRecord): Promise<boolean> {
    const cloud = this.#cloud;
    while (!this.#isOver(invocation)) {
      if (cloud.clock.now() >= expiresAt(command)) break;
      if (cloud.agentOnline(invocation.region, invocation.instanceId)) return true;
      await cloud.clock.sleep(retryMs);
    }
    return false;
  }

  /**
   * A guest ends with the simulator's process, so a command that ran has failed; the agent reports this
   * once it is back.
   */
  async #finish(command: CommandRecord, invocation: InvocationRecord): Promise<void> {
    const unschedule = this.#expireLater(command, invocation);
    if (await this.#untilReportable(command, invocation)) {
      const cancelled = invocation.status === 'Cancelling';
      this.#report(invocation, {
        outcome: cancelled ? 'cancelled' : 'exited',
        exitCode: cancelled ? stoppedExitCode : -1,
        stdout: '',
        stderr: cancelled ? '' : workerGone,
      });
    }
    if (this.#isOver(invocation)) unschedule();
  }

  #expireLater(command: CommandRecord, invocation: InvocationRecord): () => void {
    const { clock } = this.#cloud;
    return clock.schedule(expiresAt(command) - clock.now(), () => {
      // Command, ExpiresAfter: what is still in progress then "changes status to DeliveryTimedOut".
      if (!this.#isOver(invocation)) this.#change(invocation, 'TimedOut', 'DeliveryTimedOut');
    });
  }

  #isOver(invocation: InvocationRecord): boolean {
    return this.#cloud.isClosed() || isFinal(invocation.status);
  }

  #report(invocation: InvocationRecord, result: CommandResult): void {
    invocation.responseCode = result.exitCode;
    invocation.stdout = cutStandardOutput(result.stdout);
    invocation.stderr = cutStandardError(result.stderr);
    this.#change(invocation, ...statusOf(result));
  }

  #change(invocation: InvocationRecord, status: InvocationStatus, details: string): void {
    invocation.status = status;
    invocation.statusDetails = details;
    if (isFinal(status)) invocation.endedAt = this.#cloud.clock.now();
    this.#tables.invocations.put(invocationKey(invocation), invocation);
    this.#cloud.happened(`command-${details}`, invocation.region, {
      commandId: invocation.commandId,
      instanceId: invocation.instanceId,
    });
  }

  #inBackground(work: Promise<void>, invocation: InvocationRecord): void {
    const contained = work.catch((error: unknown) => {
      if (this.#cloud.isClosed()) return;
      this.#cloud.log(`command ${invocation.commandId}: ${String(error)}`);
      if (!isFinal(invocation.status)) this.#change(invocation, 'Failed', 'Failed');
    });
    this.#cloud.background(contained);
  }
}

/** SSM user guide, "Understanding command statuses"; the agent's GetStatus for 137. */
function statusOf(result: CommandResult): [InvocationStatus, string] {
  if (result.outcome === 'cancelled') return ['Cancelled', 'Cancelled'];
  if (result.outcome === 'timed-out') return ['TimedOut', 'ExecutionTimedOut'];
  if (result.exitCode === 0 || result.exitCode === exitWithSuccess) return ['Success', 'Success'];
  // The agent takes every 137 for its own SIGKILL.
  if (result.exitCode === stoppedExitCode) return ['TimedOut', 'ExecutionTimedOut'];
  return ['Failed', 'Failed'];
}
