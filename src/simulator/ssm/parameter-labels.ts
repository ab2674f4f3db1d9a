/** LabelParameterVersion. */

import { CloudError } from '../errors.js';
import { newestVersion, ownParameter, ownParameters, parameterKey } from './parameter-store.js';
import type { SsmCall } from './ssm-call.js';

const labelsMax = 10;

/** Systems Manager user guide, "Working with parameter labels": a label names one version; given again, it moves. */
export function labelParameterVersion(call: SsmCall): unknown {
  const { members, cloud, region } = call;
  const name = members.requiredText('Name', { min: 1, max: 2048 });
  const wanted = members.integer('ParameterVersion');
  if (members.raw('Labels') === undefined) members.requiredText('Labels');
  const labels = members.texts('Labels', { min: 1, max: labelsMax }, { min: 1, max: 100 }) ?? [];
  members.check();
  const record = ownParameter(cloud, region, name);
  if (record === undefined) throw new CloudError('ParameterNotFound', '');
  const version =
    wanted === undefined
      ? newestVersion(record)
      : record.versions.find((one) => one.version === wanted);
  if (version === undefined) {
    throw new CloudError(
      'ParameterVersionNotFound',
      `Systems Manager could not find version ${wanted ?? ''} of ${name}.`,
    );
  }
  const valid = labels.filter(isLabel);
  if (new Set([...version.labels, ...valid]).size > labelsMax) {
    throw new CloudError(
      'ParameterVersionLabelLimitExceeded',
      `A parameter version can have at most ${labelsMax} labels.`,
    );
  }
  for (const one of record.versions) {
    one.labels = one.labels.filter((label) => !valid.includes(label));
  }
  version.labels = [...version.labels, ...valid];
  ownParameters(cloud).put(parameterKey(region, name), record);
  const invalid = labels.filter((label) => !isLabel(label));
  return { InvalidLabels: invalid, ParameterVersion: version.version };
}

function isLabel(text: string): boolean {
  return /^(?!\d|aws|ssm)[\w.-]+$/i.test(text);
}
