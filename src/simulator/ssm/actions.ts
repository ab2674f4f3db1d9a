/** Every SSM action that the local cloud has. */

import {
  cancelCommand,
  getCommandInvocation,
  listCommandInvocations,
  listCommands,
} from './command-reads.js';
import { describeDocument } from './documents.js';
import { describeInstanceInformation } from './instance-information.js';
import { labelParameterVersion } from './parameter-labels.js';
import {
  deleteParameter,
  getParameter,
  getParameters,
  getParametersByPath,
  putParameter,
} from './parameters.js';
import { sendCommand } from './send-command.js';
import type { SsmAction } from './ssm-call.js';

export const ssmActions: Readonly<Record<string, SsmAction>> = {
  SendCommand: sendCommand,
  GetCommandInvocation: getCommandInvocation,
  ListCommandInvocations: listCommandInvocations,
  ListCommands: listCommands,
  CancelCommand: cancelCommand,
  DescribeInstanceInformation: describeInstanceInformation,
  DescribeDocument: describeDocument,
  GetParameter: getParameter,
  GetParameters: getParameters,
  GetParametersByPath: getParametersByPath,
  LabelParameterVersion: labelParameterVersion,
  PutParameter: putParameter,
  DeleteParameter: deleteParameter,
};
