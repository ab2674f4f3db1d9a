/** What reads and cancels commands: GetCommandInvocation, ListCommandInvocations, ListCommands, CancelCommand. */

import { CloudError } from '../errors.js';
import {
  invocationKey,
  isFinal,
  type CommandRecord,
  type InvocationRecord,
} from './command-state.js';
import { commandView, invocationResultView, invocationView } from './command-view.js';
import { validationError, type Members } from '../members.js';
import { pageOf } from './page.js';
import { commandIdLimits, instanceIdPattern } from './patterns.js';
import { runShellScript } from './run-shell-script.js';
import type { SsmCall } from './ssm-call.js';

const pageDefault = 50;

export function getCommandInvocation(call: SsmCall): unknown {
  const { members } = call;
  const commandId = members.requiredText('CommandId', commandIdLimits);
  const instanceId = members.requiredText('InstanceId', { pattern: instanceIdPattern });
  const plugin = members.text('PluginName', { min: 4 });
  members.check();
  const command = visibleCommand(call, commandId);
  const invocation = call.tables.invocations.get(invocationKey({ commandId, instanceId }));
  if (command === undefined || invocation === undefined) {
    throw new CloudError('InvocationDoesNotExist', '');
  }
  if (plugin !== undefined && plugin !== runShellScript.pluginName) {
    throw new CloudError('InvalidPluginName', '');
  }
  return invocationResultView(command, invocation);
}

export function listCommandInvocations(call: SsmCall): unknown {
  const { members, cloud, tables, region } = call;
  const query = readQuery(members, ['InvokedAfter', 'InvokedBefore', 'Status', 'DocumentName']);
  const details = members.flag('Details') ?? false;
  members.check();
  const found: { command: CommandRecord; invocation: InvocationRecord }[] = [];
  for (const invocation of tables.invocations.values()) {
    const command = tables.commands.get(invocation.commandId);
    if (command === undefined || invocation.region !== region || !isVisible(call, command))
      continue;
    if (query.commandId !== undefined && invocation.commandId !== query.commandId) continue;
    if (query.instanceId !== undefined && invocation.instanceId !== query.instanceId) continue;
    if (query.accepts(command, invocation.statusDetails)) found.push({ command, invocation });
  }
  found.sort((one, other) => other.invocation.seq - one.invocation.seq);
  const page = pageOf('ListCommandInvocations', found, query.maxResults, query.nextToken);
  return {
    CommandInvocations: page.items.map(({ command, invocation }) =>
      invocationView(cloud, command, invocation, details),
    ),
    ...(page.nextToken === undefined ? {} : { NextToken: page.nextToken }),
  };
}

export function listCommands(call: SsmCall): unknown {
  const { members, tables, region } = call;
  const query = readQuery(members, [
    'InvokedAfter',
    'InvokedBefore',
    'Status',
    'ExecutionStage',
    'DocumentName',
  ]);
  members.check();
  const views = [...tables.commands.values()]
    .filter((command) => command.region === region && isVisible(call, command))
    .filter(({ commandId }) => query.commandId === undefined || commandId === query.commandId)
    .filter(
      ({ targetIds }) => query.instanceId === undefined || targetIds.includes(query.instanceId),
    )
    .sort((one, other) => other.seq - one.seq)
    .map((command) => ({ command, view: commandView(command, invocationsOf(call, command)) }))
    .filter(({ command, view }) => query.accepts(command, String(view['StatusDetails'])))
    .map(({ view }) => view);
  const page = pageOf('ListCommands', views, query.maxResults, query.nextToken);
  return {
    Commands: page.items,
    ...(page.nextToken === undefined ? {} : { NextToken: page.nextToken }),
  };
}

/** "Attempts to cancel"; what has ended stays as it is, and the answer is empty either way. */
export function cancelCommand(call: SsmCall): unknown {
  const { members } = call;
  const commandId = members.requiredText('CommandId', commandIdLimits);
  const instanceIds =
    members.texts('InstanceIds', { max: 50 }, { pattern: instanceIdPattern }) ?? [];
  members.check();
  const command = call.tables.commands.get(commandId);
  if (command === undefined || command.region !== call.region || !isVisible(call, command)) {
    throw new CloudError('InvalidCommandId', '');
  }
  if (new Set(instanceIds).size < instanceIds.length) {
    throw new CloudError('DuplicateInstanceId', 'An instance ID is specified more than once.');
  }
  for (const id of instanceIds) {
    if (!command.targetIds.includes(id)) {
      throw new CloudError('InvalidInstanceId', `Command ${commandId} was not sent to ${id}.`);
    }
  }
  for (const invocation of invocationsOf(call, command)) {
    const asked = instanceIds.length === 0 || instanceIds.includes(invocation.instanceId);
    if (asked && !isFinal(invocation.status)) call.dispatcher.cancel(invocation);
  }
  return {};
}

function isVisible(call: SsmCall, command: CommandRecord): boolean {
  return command.visibleAt <= call.cloud.clock.now();
}

function visibleCommand(call: SsmCall, commandId: string): CommandRecord | undefined {
  const command = call.tables.commands.get(commandId);
  return command?.region === call.region && isVisible(call, command) ? command : undefined;
}

function invocationsOf(call: SsmCall, command: CommandRecord): InvocationRecord[] {
  return command.targetIds
    .map((instanceId) => call.tables.invocations.get(invocationKey({ ...command, instanceId })))
    .filter((invocation) => invocation !== undefined);
}

interface Query {
  readonly commandId: string | undefined;
  readonly instanceId: string | undefined;
  readonly maxResults: number;
  readonly nextToken: string | undefined;
  accepts(command: CommandRecord, statusDetails: string): boolean;
}

function readQuery(members: Members, filterKeys: readonly string[]): Query {
  const commandId = members.text('CommandId', commandIdLimits);
  const instanceId = members.text('InstanceId', { pattern: instanceIdPattern });
  const maxResults = members.integer('MaxResults', { min: 1, max: 50 }) ?? pageDefault;
  const nextToken = members.text('NextToken');
  const filters = (members.structures('Filters', { min: 1, max: 5 }) ?? []).map((filter) => ({
    key: filter.requiredText('key', {
      oneOf: ['InvokedAfter', 'InvokedBefore', 'Status', 'ExecutionStage', 'DocumentName'],
    }),
    value: filter.requiredText('value', { min: 1, max: 128 }),
  }));
  members.check();
  for (const { key, value } of filters) {
    if (!filterKeys.includes(key)) throw new CloudError('InvalidFilterKey', '');
    if (key.startsWith('Invoked') && Number.isNaN(Date.parse(value))) {
      throw validationError(`Filter ${key} has a value that is not a timestamp: ${value}`);
    }
  }
  return {
    commandId,
    instanceId,
    maxResults,
    nextToken,
    accepts: (command, statusDetails) =>
      filters.every(({ key, value }) => {
        if (key === 'InvokedAfter') return command.requestedAt >= Date.parse(value);
        if (key === 'InvokedBefore') return command.requestedAt < Date.parse(value);
        if (key === 'DocumentName') return command.documentName === value;
        if (key === 'ExecutionStage') return (value === 'Executing') === isExecuting(statusDetails);
        // The filter's values are written without blanks: ExecutionTimedOut, InProgress.
        return statusDetails === value.replaceAll(' ', '');
      }),
  };
}

function isExecuting(statusDetails: string): boolean {
  return ['Pending', 'InProgress', 'Delayed', 'Cancelling'].includes(statusDetails);
}
