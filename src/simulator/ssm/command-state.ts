/** What the local cloud remembers of commands and their invocations. Plain JSON; times are milliseconds. */

import type { Cloud } from '../cloud.js';
import type { Table } from '../store/store.js';

export type InvocationStatus =
  | 'Pending'
  | 'InProgress'
  | 'Delayed'
  | 'Success'
  | 'Cancelled'
  | 'TimedOut'
  | 'Failed'
  | 'Cancelling';

export interface Target {
  readonly Key: string;
  readonly Values: readonly string[];
}

export interface CommandRecord {
  readonly commandId: string;
  readonly region: string;
  readonly seq: number;
  readonly requestedAt: number;
  /** Before this it is not found yet (GetCommandInvocation: "eventual consistency model"). */
  readonly visibleAt: number;
  readonly documentName: string;
  readonly documentVersion: string;
  readonly comment: string;
  readonly parameters: Readonly<Record<string, readonly string[]>>;
  /** As asked for; empty when targets were given. */
  readonly instanceIds: readonly string[];
  readonly targets: readonly Target[];
  readonly targetIds: readonly string[];
  /** How long it may take until it is delivered. */
  readonly timeoutSeconds: number;
  readonly executionTimeoutSeconds: number;
  readonly maxConcurrency: string;
  readonly maxErrors: string;
  /** Members that are kept and given back, without effect here. */
  readonly kept: Readonly<Record<string, unknown>>;
}

export interface InvocationRecord {
  readonly commandId: string;
  readonly instanceId: string;
  readonly region: string;
  readonly seq: number;
  readonly requestedAt: number;
  readonly visibleAt: number;
  status: InvocationStatus;
  /** Without blanks, as the API returns it: `DeliveryTimedOut`. */
  statusDetails: string;
  /** -1 until the script has ended. */
  responseCode: number;
  startedAt?: number;
  endedAt?: number;
  stdout: string;
  stderr: string;
}

/** A node stays known after its agent has gone, until the instance stops or ends. */
export interface NodeRecord {
  readonly instanceId: string;
  readonly region: string;
  readonly registeredAt: number;
  readonly lastPingAt: number;
}

export interface SsmTables {
  readonly commands: Table<CommandRecord>;
  readonly invocations: Table<InvocationRecord>;
  readonly nodes: Table<NodeRecord>;
}

export function openSsmTables(cloud: Cloud): SsmTables {
  return {
    commands: cloud.store.table<CommandRecord>('ssm-command'),
    invocations: cloud.store.table<InvocationRecord>('ssm-invocation'),
    nodes: cloud.store.table<NodeRecord>('ssm-node'),
  };
}

export function invocationKey(invocation: {
  readonly commandId: string;
  readonly instanceId: string;
}): string {
  return `${invocation.commandId}/${invocation.instanceId}`;
}

export function isFinal(status: InvocationStatus): boolean {
  return (
    status === 'Success' || status === 'Cancelled' || status === 'TimedOut' || status === 'Failed'
  );
}

/** When a command that was delivered is given up: the sum of both time-outs (SSM user guide, monitor-commands). */
export function expiresAt(command: CommandRecord): number {
  return command.requestedAt + (command.timeoutSeconds + command.executionTimeoutSeconds) * 1000;
}
