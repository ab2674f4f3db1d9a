/** Attributes of instances: ModifyInstanceAttribute, DescribeInstanceAttribute, ModifyInstanceMetadataOptions. */

import type { InstanceRecord } from '../../store/state.js';
import { CloudError, invalidCombination, invalidValue, missingParameter } from '../../errors.js';
import { flag, ignored, list, oneOf, required, structure, text } from '../../input.js';
import type { InputOf } from '../../input.js';
import type { XmlFields } from '../../http/xml.js';
import type { ActionTable, Call } from '../lib/action.js';
import { action } from '../lib/action.js';
import { blockDeviceInput } from '../lib/block-device-input.js';
import type { BlockDevice } from '../lib/block-device-input.js';
import { volumesOf } from '../lib/instance-lifecycle.js';
import { instanceXml } from '../lib/instance-view.js';
import { checkType, checkUserData } from '../lib/launch-checks.js';
import { metadataInput } from '../lib/launch-input.js';
import { findInstance } from '../lib/lookup.js';

const attributes = oneOf(
  'instanceType',
  'kernel',
  'ramdisk',
  'userData',
  'disableApiTermination',
  'instanceInitiatedShutdownBehavior',
  'rootDeviceName',
  'blockDeviceMapping',
  'productCodes',
  'sourceDestCheck',
  'groupSet',
  'ebsOptimized',
  'sriovNetSupport',
  'enaSupport',
  'enclaveOptions',
  'disableApiStop',
);

const textValue = structure({ Value: text });
const flagValue = structure({ Value: flag });

const modifyInput = {
  InstanceId: required(text),
  Attribute: attributes,
  Value: text,
  BlockDeviceMapping: blockDeviceInput,
  DisableApiStop: flagValue,
  DisableApiTermination: flagValue,
  InstanceType: textValue,
  InstanceInitiatedShutdownBehavior: textValue,
  UserData: textValue,
  GroupId: list(text),
  SourceDestCheck: flagValue,
  EbsOptimized: flagValue,
  EnclaveOptions: ignored,
  Kernel: textValue,
  Ramdisk: textValue,
  SriovNetSupport: textValue,
  EnaSupport: flagValue,
};
type ModifyInput = InputOf<typeof modifyInput>;

export const instanceAttributeActions: ActionTable = {
  ModifyInstanceAttribute: action(modifyInput, (call, input) => {
    const instance = findInstance(call, input.InstanceId);
    if (instance.state === 'terminated') throw wrongState(instance);
    modify(call, instance, input);
    call.cloud.instances.put(instance);
    return { return: true };
  }),

  DescribeInstanceAttribute: action(
    { InstanceId: required(text), Attribute: required(attributes) },
    (call, input) => {
      const instance = findInstance(call, input.InstanceId);
      return { instanceId: instance.id, ...attributeXml(call, instance, input.Attribute) };
    },
  ),

  ModifyInstanceMetadataOptions: action(
    { InstanceId: required(text), ...metadataInput },
    (call, input) => {
      const instance = findInstance(call, input.InstanceId);
      const now = instance.metadataOptions;
      instance.metadataOptions = {
        httpTokens: input.HttpTokens ?? now.httpTokens,
        httpPutResponseHopLimit: input.HttpPutResponseHopLimit ?? now.httpPutResponseHopLimit,
        httpEndpoint: input.HttpEndpoint ?? now.httpEndpoint,
        httpProtocolIpv6: input.HttpProtocolIpv6 ?? now.httpProtocolIpv6,
        instanceMetadataTags: input.InstanceMetadataTags ?? now.instanceMetadataTags,
      };
      call.cloud.instances.put(instance);
      return {
        instanceId: instance.id,
        instanceMetadataOptions: { state: 'pending', ...instance.metadataOptions },
      };
    },
  ),
};

/** One attribute a request: by its own parameter, or by name and value (ModifyInstanceAttribute). */
function modify(call: Call, instance: InstanceRecord, input: ModifyInput): void {
  const named = (name: typeof input.Attribute): string | undefined =>
    input.Attribute === name ? input.Value : undefined;
  const changes: (() => void)[] = [];
  const shutdown =
    input.InstanceInitiatedShutdownBehavior?.Value ?? named('instanceInitiatedShutdownBehavior');
  if (shutdown !== undefined) changes.push(() => setShutdownBehavior(instance, shutdown));
  const termination = input.DisableApiTermination?.Value ?? toFlag(named('disableApiTermination'));
  if (termination !== undefined) changes.push(() => (instance.disableApiTermination = termination));
  const stop = input.DisableApiStop?.Value ?? toFlag(named('disableApiStop'));
  if (stop !== undefined) changes.push(() => (instance.disableApiStop = stop));
  const type = input.InstanceType?.Value ?? named('instanceType');
  if (type !== undefined) {
    changes.push(() => {
      requireStopped(instance);
      instance.instanceType = checkType(call, type).name;
    });
  }
  const userData = input.UserData?.Value ?? named('userData');
  if (userData !== undefined) {
    changes.push(() => {
      requireStopped(instance);
      checkUserData(userData);
      instance.userData = userData;
    });
  }
  if (input.GroupId.length > 0) changes.push(() => setGroups(call, instance, input.GroupId));
  if (input.BlockDeviceMapping.length > 0) {
    changes.push(() => setDeleteOnTermination(call, instance, input.BlockDeviceMapping));
  }
  if (changes.length > 1) {
    throw invalidCombination(
      'Fields for multiple attribute types specified: only one attribute can be modified at a time.',
    );
  }
  const [change] = changes;
  if (change !== undefined) return change();
  const other =
    input.SourceDestCheck ??
    input.EbsOptimized ??
    input.EnaSupport ??
    input.SriovNetSupport ??
    input.Kernel ??
    input.Ramdisk;
  if (other === undefined && input.Attribute === undefined) throw missingParameter('attribute');
  throw new CloudError(
    'UnsupportedInstanceAttribute',
    'The specified attribute cannot be modified.',
  );
}

function toFlag(value: string | undefined): boolean | undefined {
  if (value === undefined) return undefined;
  if (value === 'true' || value === 'false') return value === 'true';
  throw invalidValue(`Value (${value}) for parameter value is invalid.`);
}

function setShutdownBehavior(instance: InstanceRecord, value: string): void {
  if (value !== 'stop' && value !== 'terminate') {
    throw invalidValue(`Invalid value '${value}' for instanceInitiatedShutdownBehavior.`);
  }
  instance.shutdownBehavior = value;
}

function setGroups(call: Call, instance: InstanceRecord, ids: readonly string[]): void {
  for (const id of ids) {
    if (call.cloud.securityGroups.get(call.region, id) === undefined) {
      throw new CloudError('InvalidGroup.NotFound', `The security group '${id}' does not exist`);
    }
  }
  instance.securityGroupIds = [...ids];
}

function setDeleteOnTermination(
  call: Call,
  instance: InstanceRecord,
  devices: readonly BlockDevice[],
): void {
  for (const { DeviceName: deviceName, Ebs: ebs } of devices) {
    const volume = volumesOf(call.cloud, instance).find(
      ({ attachment }) => attachment?.deviceName === deviceName,
    );
    if (volume?.attachment === undefined) {
      throw new CloudError(
        'InvalidInstanceAttributeValue',
        `No device is currently mapped at ${deviceName ?? ''}`,
      );
    }
    if (ebs?.DeleteOnTermination === undefined) continue;
    volume.attachment.deleteOnTermination = ebs.DeleteOnTermination;
    call.cloud.volumes.put(volume);
  }
}

function requireStopped(instance: InstanceRecord): void {
  if (instance.state !== 'stopped') throw wrongState(instance);
}

function wrongState(instance: InstanceRecord): CloudError {
  return new CloudError(
    'IncorrectInstanceState',
    `The instance '${instance.id}' is not in the 'stopped' state.`,
  );
}

function attributeXml(call: Call, instance: InstanceRecord, attribute: string): XmlFields {
  const value = (content: string | boolean | undefined): XmlFields => ({
    [attribute]: { value: content },
  });
  switch (attribute) {
    case 'instanceType':
      return value(instance.instanceType);
    case 'kernel':
      return value(instance.kernelId);
    case 'userData':
      return value(instance.userData);
    case 'disableApiTermination':
      return value(instance.disableApiTermination);
    case 'disableApiStop':
      return value(instance.disableApiStop);
    case 'instanceInitiatedShutdownBehavior':
      return value(instance.shutdownBehavior);
    case 'rootDeviceName':
      return value(instance.rootDeviceName);
    case 'sourceDestCheck':
      return value(true);
    case 'ebsOptimized':
      return value(instance.ebsOptimized);
    case 'enaSupport':
      return value(instance.enaSupport);
    case 'sriovNetSupport':
      return value(instance.sriovNetSupport);
    case 'ramdisk':
      return value(undefined);
    case 'enclaveOptions':
      return { enclaveOptions: { enabled: false } };
    case 'blockDeviceMapping':
    case 'groupSet':
      return { [attribute]: instanceXml(call, instance)[attribute] };
    default:
      return { productCodes: [] };
  }
}
