/** SendCommand: checks the request, chooses the nodes, and hands the invocations to the dispatcher. */

import { CloudError } from '../errors.js';
import { commandView } from './command-view.js';
import {
  invocationKey,
  type CommandRecord,
  type InvocationRecord,
  type Target,
} from './command-state.js';
import { validationError, type Members } from '../members.js';
import { matchTargets, refreshNodes } from './nodes.js';
import { checkDocument, readShellScriptParameters, runShellScript } from './run-shell-script.js';
import type { SsmCall } from './ssm-call.js';
import { instanceIdPattern } from './patterns.js';

/** Default of TimeoutSeconds (SSM user guide, "Understanding command timeout values"). */
const deliveryTimeoutDefault = 3600;

const keptMembers = [
  'OutputS3Region',
  'OutputS3BucketName',
  'OutputS3KeyPrefix',
  'ServiceRoleArn',
  'NotificationConfig',
  'CloudWatchOutputConfig',
];

interface Wanted {
  readonly instanceIds: string[];
  readonly targets: Target[];
}

interface Asked extends Wanted {
  readonly documentVersion: string | undefined;
  readonly comment: string;
  readonly timeoutSeconds: number;
  readonly maxConcurrency: string;
  readonly maxErrors: string;
  readonly parameters: ReturnType<typeof readShellScriptParameters>;
}

export function sendCommand(call: SsmCall): unknown {
  const { cloud, region, tables } = call;
  const asked = readAsked(call.members);
  refreshNodes(cloud, tables, region);
  checkRegistered(call, asked.instanceIds);
  const targetIds =
    asked.instanceIds.length > 0
      ? asked.instanceIds
      : matchTargets(cloud, tables, region, asked.targets);
  const command = newCommand(call, asked, targetIds);
  tables.commands.put(command.commandId, command);
  const invocations = targetIds.map((instanceId) => newInvocation(call, command, instanceId));
  for (const invocation of invocations) call.dispatcher.dispatch(command, invocation);
  return { Command: commandView(command, invocations) };
}

function readAsked(members: Members): Asked {
  const documentName = members.requiredText('DocumentName', {
    pattern: /^[a-zA-Z0-9_\-.:/]{3,128}$/,
  });
  const documentVersion = members.text('DocumentVersion', {
    pattern: /^(?:\$LATEST|\$DEFAULT|[1-9][0-9]*)$/,
  });
  const timeoutSeconds = members.integer('TimeoutSeconds', { min: 30, max: 2_592_000 });
  const comment = members.text('Comment', { max: 100 }) ?? '';
  const maxConcurrency = members.text('MaxConcurrency', {
    min: 1,
    max: 7,
    pattern: /^(?:[1-9][0-9]*|[1-9][0-9]%|[1-9]%|100%)$/,
  });
  const maxErrors = members.text('MaxErrors', {
    min: 1,
    max: 7,
    pattern: /^(?:[1-9][0-9]*|0|[1-9][0-9]%|[0-9]%|100%)$/,
  });
  const wanted = readWanted(members);
  members.text('OutputS3BucketName', { min: 3, max: 63 });
  members.text('OutputS3KeyPrefix', { max: 500 });
  members.check();
  checkDocument(documentName, documentVersion);
  const parameters = readShellScriptParameters(members.structure('Parameters'));
  members.check();
  return {
    ...wanted,
    documentVersion,
    comment,
    timeoutSeconds: timeoutSeconds ?? deliveryTimeoutDefault,
    maxConcurrency: maxConcurrency ?? '50',
    maxErrors: maxErrors ?? '0',
    parameters,
  };
}

function newCommand(call: SsmCall, asked: Asked, targetIds: string[]): CommandRecord {
  const { cloud, members, region } = call;
  const now = cloud.clock.now();
  const kept: Record<string, unknown> = {};
  for (const name of keptMembers) {
    const value = members.raw(name);
    if (value !== undefined) kept[name] = value;
  }
  return {
    commandId: call.newCommandId(),
    region,
    seq: cloud.nextSeq(),
    requestedAt: now,
    visibleAt: now + visibilityLagMs(call),
    documentName: runShellScript.name,
    documentVersion: asked.documentVersion ?? '$DEFAULT',
    comment: asked.comment,
    parameters: asked.parameters.given,
    instanceIds: asked.instanceIds,
    targets: asked.targets,
    targetIds,
    timeoutSeconds: asked.timeoutSeconds,
    executionTimeoutSeconds: asked.parameters.executionTimeoutSeconds,
    maxConcurrency: asked.maxConcurrency,
    maxErrors: asked.maxErrors,
    kept,
  };
}

function newInvocation(
  call: SsmCall,
  command: CommandRecord,
  instanceId: string,
): InvocationRecord {
  const invocation: InvocationRecord = {
    commandId: command.commandId,
    instanceId,
    region: command.region,
    seq: call.cloud.nextSeq(),
    requestedAt: command.requestedAt,
    visibleAt: command.visibleAt,
    status: 'Pending',
    statusDetails: 'Pending',
    responseCode: -1,
    stdout: '',
    stderr: '',
  };
  call.tables.invocations.put(invocationKey(invocation), invocation);
  return invocation;
}

function readWanted(members: Members): Wanted {
  const instanceIds =
    members.texts('InstanceIds', { max: 50 }, { pattern: instanceIdPattern }) ?? [];
  const targets = (members.structures('Targets', { max: 5 }) ?? []).map((target) => ({
    Key: target.requiredText('Key', { min: 1, max: 163 }),
    Values: target.texts('Values', { max: 50 }) ?? [],
  }));
  members.check();
  if (instanceIds.length > 0 && targets.length > 0) {
    throw validationError('Only one of InstanceIds and Targets can be specified.');
  }
  if (instanceIds.length === 0 && targets.length === 0) {
    throw new CloudError('InvalidInstanceId', 'InstanceIds or Targets must be specified.');
  }
  if (new Set(instanceIds).size < instanceIds.length) {
    throw new CloudError('DuplicateInstanceId', 'An instance ID is specified more than once.');
  }
  for (const { Key, Values } of targets) {
    if (!/^(?:tag:.+|tag-key|InstanceIds|instanceids)$/.test(Key)) {
      throw validationError(`Target key ${Key} is not valid for SendCommand in the local cloud.`);
    }
    if (Values.length === 0) throw validationError(`Target ${Key} has no values.`);
  }
  return { instanceIds, targets };
}

/** The message names all of them, as the service's does. */
function checkRegistered(call: SsmCall, instanceIds: readonly string[]): void {
  const bad = instanceIds.filter((id) => call.tables.nodes.get(id)?.region !== call.region);
  if (bad.length === 0) return;
  throw new CloudError(
    'InvalidInstanceId',
    `Instances [[${bad.join(', ')}]] not in a valid state for account ${call.cloud.accountId}`,
  );
}

/** GetCommandInvocation: Run Command is eventually consistent; a new invocation does not exist for a moment. */
function visibilityLagMs({ cloud }: SsmCall): number {
  const lagMs = cloud.settings.consistencyLagMs ?? cloud.latency.draw('consistencyLag');
  return Math.max(lagMs, cloud.latency.draw('commandDelivery'));
}
