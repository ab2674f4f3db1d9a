/** How commands and invocations look in answers. Times are seconds since the epoch, as JSON 1.1 has them. */

import type { Cloud } from '../cloud.js';
import { expiresAt, isFinal, type CommandRecord, type InvocationRecord } from './command-state.js';
import { joinOutput } from './output.js';
import { runShellScript } from './run-shell-script.js';

export function seconds(timeMs: number): number {
  return timeMs / 1000;
}

const noCloudWatch = { CloudWatchLogGroupName: '', CloudWatchOutputEnabled: false };

export function commandView(
  command: CommandRecord,
  invocations: readonly InvocationRecord[],
): Record<string, unknown> {
  const status = commandStatus(command, invocations);
  const count = (wanted: (invocation: InvocationRecord) => boolean): number =>
    invocations.filter(wanted).length;
  return {
    CommandId: command.commandId,
    DocumentName: command.documentName,
    DocumentVersion: command.documentVersion,
    Comment: command.comment,
    ExpiresAfter: seconds(expiresAt(command)),
    Parameters: command.parameters,
    InstanceIds: command.instanceIds,
    Targets: command.targets,
    RequestedDateTime: seconds(command.requestedAt),
    Status: status.status,
    StatusDetails: status.details,
    OutputS3BucketName: '',
    OutputS3KeyPrefix: '',
    MaxConcurrency: command.maxConcurrency,
    MaxErrors: command.maxErrors,
    TargetCount: invocations.length,
    CompletedCount: count((invocation) => isFinal(invocation.status)),
    ErrorCount: count(isError),
    DeliveryTimedOutCount: count(({ statusDetails }) => statusDetails === 'DeliveryTimedOut'),
    ServiceRole: '',
    NotificationConfig: { NotificationArn: '', NotificationEvents: [], NotificationType: '' },
    CloudWatchOutputConfig: noCloudWatch,
    TimeoutSeconds: command.timeoutSeconds,
    AlarmConfiguration: { IgnorePollAlarmFailure: false, Alarms: [] },
    TriggeredAlarms: [],
    ...command.kept,
  };
}

/** API reference, Command: ErrorCount counts Failed and Execution Timed Out. */
function isError(invocation: InvocationRecord): boolean {
  return invocation.status === 'Failed' || invocation.statusDetails === 'ExecutionTimedOut';
}

/** API reference, Command: Status and StatusDetails, from those of the invocations. */
function commandStatus(
  command: CommandRecord,
  invocations: readonly InvocationRecord[],
): { status: string; details: string } {
  const same = (status: string, details = status): { status: string; details: string } => ({
    status,
    details,
  });
  if (invocations.length === 0) return same('Success', 'NoInstancesInTag');
  if (invocations.every(({ status }) => status === 'Pending')) return same('Pending');
  if (invocations.some(({ status }) => status === 'Cancelling')) return same('Cancelling');
  if (!invocations.every(({ status }) => isFinal(status))) return same('InProgress');
  if (invocations.every(({ status }) => status === 'Success')) return same('Success');
  if (invocations.some(({ status }) => status === 'Cancelled')) return same('Cancelled');
  const errors = invocations.filter(isError);
  if (errors.length > errorsAllowed(command, invocations.length)) {
    return errors.every(({ status }) => status === 'TimedOut')
      ? same('TimedOut', 'ExecutionTimedOut')
      : same('Failed');
  }
  if (invocations.some(({ statusDetails }) => statusDetails === 'DeliveryTimedOut')) {
    return same('TimedOut', 'DeliveryTimedOut');
  }
  return same('Failed', 'Incomplete');
}

function errorsAllowed(command: CommandRecord, targets: number): number {
  const { maxErrors } = command;
  if (!maxErrors.endsWith('%')) return Number(maxErrors);
  return Math.floor((Number(maxErrors.slice(0, -1)) * targets) / 100);
}

/** GetCommandInvocation's answer: output only when it has finished, times as ISO 8601 text. */
export function invocationResultView(
  command: CommandRecord,
  invocation: InvocationRecord,
): Record<string, unknown> {
  const { startedAt, endedAt } = invocation;
  const finished = isFinal(invocation.status);
  const iso = (timeMs: number | undefined): string =>
    timeMs === undefined ? '' : new Date(timeMs).toISOString();
  const elapsed =
    startedAt === undefined || endedAt === undefined ? '' : `PT${seconds(endedAt - startedAt)}S`;
  return {
    CommandId: command.commandId,
    InstanceId: invocation.instanceId,
    Comment: command.comment,
    DocumentName: command.documentName,
    DocumentVersion: command.documentVersion,
    PluginName: runShellScript.pluginName,
    ResponseCode: finished ? invocation.responseCode : -1,
    ExecutionStartDateTime: iso(startedAt),
    ExecutionElapsedTime: elapsed,
    ExecutionEndDateTime: startedAt === undefined ? '' : iso(endedAt),
    Status: invocation.status,
    StatusDetails: invocation.statusDetails,
    StandardOutputContent: finished ? invocation.stdout : '',
    StandardOutputUrl: '',
    StandardErrorContent: finished ? invocation.stderr : '',
    StandardErrorUrl: '',
    CloudWatchOutputConfig: noCloudWatch,
  };
}

/** An item of ListCommandInvocations; with `details`, its one plugin and up to 2,500 characters of output. */
export function invocationView(
  cloud: Cloud,
  command: CommandRecord,
  invocation: InvocationRecord,
  details: boolean,
): Record<string, unknown> {
  const finished = isFinal(invocation.status);
  const instance = cloud.instances.get(invocation.region, invocation.instanceId);
  const plugin = {
    Name: runShellScript.pluginName,
    Status: pluginStatus(invocation),
    StatusDetails: invocation.statusDetails,
    ResponseCode: finished ? invocation.responseCode : -1,
    ...(invocation.startedAt === undefined
      ? {}
      : { ResponseStartDateTime: seconds(invocation.startedAt) }),
    ...(invocation.endedAt === undefined
      ? {}
      : { ResponseFinishDateTime: seconds(invocation.endedAt) }),
    Output: finished ? joinOutput(invocation.stdout, invocation.stderr) : '',
    StandardOutputUrl: '',
    StandardErrorUrl: '',
    OutputS3Region: invocation.region,
    OutputS3BucketName: '',
    OutputS3KeyPrefix: '',
  };
  return {
    CommandId: command.commandId,
    InstanceId: invocation.instanceId,
    InstanceName: instance?.tags['Name'] ?? '',
    Comment: command.comment,
    DocumentName: command.documentName,
    DocumentVersion: command.documentVersion,
    RequestedDateTime: seconds(invocation.requestedAt),
    Status: invocation.status,
    StatusDetails: invocation.statusDetails,
    StandardOutputUrl: '',
    StandardErrorUrl: '',
    CommandPlugins: details ? [plugin] : [],
    ServiceRole: '',
    NotificationConfig: { NotificationArn: '', NotificationEvents: [], NotificationType: '' },
    CloudWatchOutputConfig: noCloudWatch,
  };
}

/** A plugin does not have the statuses Delayed and Cancelling (API reference, CommandPlugin: Status). */
function pluginStatus(invocation: InvocationRecord): string {
  if (invocation.status === 'Delayed') return 'Pending';
  return invocation.status === 'Cancelling' ? 'InProgress' : invocation.status;
}
