/** The SSM half of the local cloud: which action does what, and how errors are answered. */

import type { Cloud, SsmHandler } from '../cloud.js';
import { CloudError, jsonErrorBody } from '../errors.js';
import {
  cancelCommand,
  getCommandInvocation,
  listCommandInvocations,
  listCommands,
} from './command-reads.js';
import { openSsmTables, type SsmTables } from './command-state.js';
import { createDispatcher, type Dispatcher } from './dispatcher.js';
import { describeDocument } from './documents.js';
import { describeInstanceInformation } from './instance-information.js';
import { Members } from './members.js';
import {
  deleteParameter,
  getParameter,
  getParameters,
  getParametersByPath,
  putParameter,
} from './parameters.js';
import { sendCommand } from './send-command.js';
import type { SsmAction } from './ssm-call.js';

const actions: Readonly<Record<string, SsmAction>> = {
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
  PutParameter: putParameter,
  DeleteParameter: deleteParameter,
};

interface SsmState {
  readonly tables: SsmTables;
  readonly dispatcher: Dispatcher;
}

/** Commands that were under way before a restart are taken up at the first request, or by `resumeSsm`. */
export function createSsmHandler(): SsmHandler {
  return (cloud, request) => {
    const { tables, dispatcher } = stateOf(cloud);
    try {
      const action = Object.hasOwn(actions, request.action) ? actions[request.action] : undefined;
      if (action === undefined) {
        throw new CloudError('UnknownOperationException', '');
      }
      const body = action({
        cloud,
        region: request.region,
        members: Members.of(request.body),
        tables,
        dispatcher,
        newCommandId: () => uuidOf(cloud),
      });
      return Promise.resolve({ status: 200, body });
    } catch (error) {
      if (error instanceof CloudError) {
        return Promise.resolve({ status: error.status, body: jsonErrorBody(error) });
      }
      cloud.log(`ssm ${request.action}: ${error instanceof Error ? error.stack : String(error)}`);
      const internal = new CloudError(
        'InternalServerError',
        'An error occurred on the server side.',
        500,
      );
      return Promise.resolve({ status: internal.status, body: jsonErrorBody(internal) });
    }
  };
}

/** Takes up the commands of a restarted cloud without waiting for the first request. */
export function resumeSsm(cloud: Cloud): void {
  stateOf(cloud);
}

const states = new WeakMap<Cloud, SsmState>();

function stateOf(cloud: Cloud): SsmState {
  const known = states.get(cloud);
  if (known !== undefined) return known;
  const tables = openSsmTables(cloud);
  const dispatcher = createDispatcher(cloud, tables);
  const state = { tables, dispatcher };
  states.set(cloud, state);
  dispatcher.resume();
  return state;
}

function uuidOf(cloud: Cloud): string {
  const hex = cloud.random.hex(32);
  const variant = '89ab'[Number.parseInt(hex.charAt(16), 16) % 4] ?? '8';
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20),
  ].join('-');
}
