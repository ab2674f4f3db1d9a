/** The actions of Parameter Store. */

import { arnOf } from '../partition.js';
import { CloudError } from '../errors.js';
import { seconds } from './command-view.js';
import { validationError } from '../members.js';
import { pageOf } from './page.js';
import type { FoundParameter } from './parameter-store.js';
import {
  allParameters,
  findParameter,
  newestVersion,
  newVersion,
  ownParameter,
  ownParameters,
  parameterKey,
} from './parameter-store.js';
import type { SsmCall } from './ssm-call.js';

const nameLimits = { min: 1, max: 2048 } as const;
const types = ['String', 'StringList', 'SecureString'] as const;
const standardValueMax = 4096;
const namesMax = 10;

export function getParameter(call: SsmCall): unknown {
  const asked = call.members.requiredText('Name', nameLimits);
  call.members.flag('WithDecryption');
  call.members.check();
  const found = lookUp(call, asked);
  if (found === undefined) throw new CloudError('ParameterNotFound', '');
  if (found === 'no-version') {
    throw new CloudError('ParameterVersionNotFound', `Systems Manager could not find ${asked}.`);
  }
  return { Parameter: found };
}

/** What is not found is listed, not an error. */
export function getParameters(call: SsmCall): unknown {
  if (call.members.raw('Names') === undefined) call.members.requiredText('Names');
  const names = call.members.texts('Names', { min: 1, max: namesMax }, nameLimits) ?? [];
  call.members.flag('WithDecryption');
  call.members.check();
  if (new Set(names).size < names.length) throw validationError('Names must not be repeated.');
  const parameters: unknown[] = [];
  const invalid: string[] = [];
  for (const name of [...names].sort()) {
    const found = lookUp(call, name);
    if (found === undefined || found === 'no-version') invalid.push(name);
    else parameters.push(found);
  }
  return { Parameters: parameters, InvalidParameters: invalid };
}

export function getParametersByPath(call: SsmCall): unknown {
  const { members, cloud, region } = call;
  const asked = members.requiredText('Path', nameLimits);
  const recursive = members.flag('Recursive') ?? false;
  const maxResults = members.integer('MaxResults', { min: 1, max: namesMax }) ?? namesMax;
  const nextToken = members.text('NextToken');
  members.flag('WithDecryption');
  members.check();
  if (!asked.startsWith('/')) {
    throw validationError(`The parameter path '${asked}' must begin with a forward slash (/).`);
  }
  if ((members.structures('ParameterFilters') ?? []).length > 0) {
    throw new CloudError('InvalidFilterKey', 'The local cloud has no filters for parameters.');
  }
  const path = asked.endsWith('/') ? asked : `${asked}/`;
  const below = allParameters(cloud, region)
    .filter(({ name }) => name.startsWith(path))
    .filter(({ name }) => recursive || !name.slice(path.length).includes('/'))
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .map((record) => viewOf(call, { record, version: newestVersion(record) }));
  const page = pageOf('GetParametersByPath', below, maxResults, nextToken);
  return {
    Parameters: page.items,
    ...(page.nextToken === undefined ? {} : { NextToken: page.nextToken }),
  };
}

export function putParameter(call: SsmCall): unknown {
  const { members, cloud, region } = call;
  const name = members.requiredText('Name', nameLimits);
  const value = members.requiredText('Value');
  const type = members.text('Type', { oneOf: types });
  const overwrite = members.flag('Overwrite') ?? false;
  const dataType = members.text('DataType', { max: 128 }) ?? 'text';
  const tags = members.structures('Tags', { max: 1000 }) ?? [];
  members.check();
  checkNewName(name);
  const existing = ownParameter(cloud, region, name);
  if (existing !== undefined && !overwrite) {
    throw new CloudError(
      'ParameterAlreadyExists',
      'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.',
    );
  }
  if (overwrite && tags.length > 0) {
    throw validationError("Invalid request: tags and overwrite can't be used together.");
  }
  if (existing === undefined && type === undefined) {
    throw validationError('A parameter type is required when you create a parameter.');
  }
  if (value === '' || value.length > standardValueMax) {
    throw validationError(
      `Standard tier parameters support a maximum parameter value of ${standardValueMax} characters, and at least 1.`,
    );
  }
  checkValue(call, dataType, value);
  const version = newVersion(cloud, existing ?? { region, name, versions: [] }, {
    type: type ?? (existing === undefined ? 'String' : newestVersion(existing).type),
    value,
    dataType,
  });
  return { Version: version, Tier: 'Standard' };
}

export function deleteParameter(call: SsmCall): unknown {
  const name = call.members.requiredText('Name', nameLimits);
  call.members.check();
  const table = ownParameters(call.cloud);
  const key = parameterKey(call.region, name);
  if (!table.has(key)) throw new CloudError('ParameterNotFound', '');
  table.delete(key);
  return {};
}

function lookUp(call: SsmCall, asked: string): Record<string, unknown> | 'no-version' | undefined {
  const trimmed = asked.trim();
  if (/\s/.test(trimmed)) {
    throw validationError(`Parameter name: can't contain spaces: ${trimmed}`);
  }
  const found = findParameter(call.cloud, call.region, trimmed);
  return typeof found === 'object' ? viewOf(call, found) : found;
}

function viewOf(call: SsmCall, found: FoundParameter): Record<string, unknown> {
  const { record, version, selector } = found;
  const account = record.name.startsWith('/aws/') ? '' : call.cloud.accountId;
  const path = record.name.startsWith('/') ? record.name : `/${record.name}`;
  return {
    Name: record.name,
    Type: version.type,
    Value: version.value,
    Version: version.version,
    ...(selector === undefined ? {} : { Selector: `:${selector}` }),
    LastModifiedDate: seconds(version.modifiedAt),
    ARN: arnOf('ssm', { region: call.region, account, resource: `parameter${path}` }),
    DataType: version.dataType,
  };
}

/** PutParameter, Name: requirements and constraints. */
function checkNewName(name: string): void {
  if (!/^[a-zA-Z0-9_.\-/]+$/.test(name) || (name.includes('/') && !name.startsWith('/'))) {
    throw validationError(
      `Parameter name must be a fully qualified name of letters, digits and the symbols .-_/: ${name}`,
    );
  }
  if (/^\/?(?:aws|ssm)/i.test(name)) {
    throw validationError(
      `Parameter name: can't be prefixed with "aws" or "ssm" (case-insensitive).`,
    );
  }
  const levels = name.split('/').length - 1;
  if (levels > 15) {
    throw new CloudError(
      'HierarchyLevelLimitExceededException',
      'A hierarchy can have a maximum of 15 levels.',
    );
  }
}

/** With `aws:ec2:image` the value is checked against EC2. */
function checkValue(call: SsmCall, dataType: string, value: string): void {
  if (dataType === 'text') return;
  if (dataType !== 'aws:ec2:image') {
    throw validationError(
      `The local cloud has no data type ${dataType}; use text or aws:ec2:image.`,
    );
  }
  if (call.cloud.images.get(call.region, value) === undefined) {
    throw validationError(`The image ${value} does not exist in ${call.region}.`);
  }
}
