/** SSM as a service of the local cloud. */

import type { Cloud } from '../cloud.js';
import { CloudError } from '../errors.js';
import { accessDenied, commonForms } from '../faults/error-forms.js';
import { awsJson, jsonSignatureErrors } from '../http/protocols/json.js';
import { signatureSkewMs } from '../http/sigv4.js';
import type { Service, ServiceAction } from '../service.js';
import { ssmActions } from './actions.js';
import { openSsmTables, type SsmTables } from './command-state.js';
import { Dispatcher } from './dispatcher.js';
import { Members } from '../members.js';
import type { SsmAction } from './ssm-call.js';
import { ssmThrottles } from './throttles.js';

interface SsmState {
  readonly tables: SsmTables;
  readonly dispatcher: Dispatcher;
}

export const ssmService: Service = {
  name: 'ssm',
  protocol: awsJson('AmazonSSM.'),
  actions: new Map(Object.entries(ssmActions).map(([name, action]) => [name, serve(action)])),
  unknownAction: () => new CloudError('UnknownOperationException', ''),
  throttles: ssmThrottles,
  faults: { ...commonForms, refusal: ({ action }) => accessDenied('ssm', action) },
  signatureErrors: jsonSignatureErrors,
  signatureSkewMs,
  resume: (cloud) => void stateOf(cloud),
};

function serve(action: SsmAction): ServiceAction {
  return ({ cloud, region, json }) =>
    action({
      cloud,
      region,
      members: Members.of(json),
      ...stateOf(cloud),
      newCommandId: () => uuidOf(cloud),
    });
}

const states = new WeakMap<Cloud, SsmState>();

/** Opened once a cloud; goes on with the commands that were under way before a restart. */
function stateOf(cloud: Cloud): SsmState {
  const known = states.get(cloud);
  if (known !== undefined) return known;
  const tables = openSsmTables(cloud);
  const dispatcher = new Dispatcher(cloud, tables);
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
