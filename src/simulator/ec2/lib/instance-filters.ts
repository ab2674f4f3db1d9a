/** What DescribeInstances filters by (EC2 API reference, DescribeInstances: Filters). */

import { zoneId } from '../../regions.js';
import type { InstanceRecord } from '../../store/state.js';
import type { Call } from './action.js';
import type { FilterFields } from './filters.js';
import { filterTime } from './filters.js';
import { volumesOf } from './instance-lifecycle.js';
import { privateDnsName, publicDnsName, stateCodes } from './instance-view.js';
import { attachmentStatus } from './volume-state.js';

const metadata = (name: keyof InstanceRecord['metadataOptions']) => (instance: InstanceRecord) =>
  instance.metadataOptions[name];

/** Those that need only the record. */
const recordFilters: FilterFields<InstanceRecord> = {
  architecture: ({ architecture }) => architecture,
  'availability-zone': ({ zone }) => zone,
  'availability-zone-id': ({ region, zone }) => zoneId(region, zone),
  'block-device-mapping.volume-id': ({ volumeIds }) => volumeIds,
  'boot-mode': ({ imageBootMode }) => imageBootMode,
  'client-token': ({ clientToken }) => clientToken,
  'current-instance-boot-mode': ({ bootMode }) => bootMode,
  'dns-name': publicDnsName,
  'ebs-optimized': ({ ebsOptimized }) => ebsOptimized,
  'ena-support': ({ enaSupport }) => enaSupport,
  'enclave-options.enabled': () => false,
  'hibernation-options.configured': () => false,
  hypervisor: () => 'xen',
  'iam-instance-profile.arn': ({ iamInstanceProfile }) => iamInstanceProfile?.arn,
  'iam-instance-profile.id': ({ iamInstanceProfile }) => iamInstanceProfile?.id,
  'image-id': ({ imageId }) => imageId,
  'instance-id': ({ id }) => id,
  'instance-lifecycle': () => undefined,
  'instance-state-code': ({ state }) => stateCodes[state],
  'instance-state-name': ({ state }) => state,
  'instance-type': ({ instanceType }) => instanceType,
  'instance.group-id': ({ securityGroupIds }) => securityGroupIds,
  'ip-address': ({ publicIp }) => publicIp,
  'kernel-id': ({ kernelId }) => kernelId,
  'key-name': ({ keyName }) => keyName,
  'launch-index': ({ launchIndex }) => launchIndex,
  'launch-time': ({ launchedAt }) => filterTime(launchedAt),
  'metadata-options.http-endpoint': metadata('httpEndpoint'),
  'metadata-options.http-put-response-hop-limit': metadata('httpPutResponseHopLimit'),
  'metadata-options.http-tokens': metadata('httpTokens'),
  'metadata-options.instance-metadata-tags': metadata('instanceMetadataTags'),
  'monitoring-state': ({ monitoring }) => (monitoring ? 'enabled' : 'disabled'),
  'network-interface.network-interface-id': ({ networkInterface }) => networkInterface.id,
  'network-interface.subnet-id': ({ subnetId }) => subnetId,
  'network-interface.vpc-id': ({ vpcId }) => vpcId,
  'network-interface.group-id': ({ securityGroupIds }) => securityGroupIds,
  'operator.managed': () => false,
  platform: () => undefined,
  'platform-details': () => 'Linux/UNIX',
  'private-dns-name': privateDnsName,
  'private-ip-address': ({ privateIp }) => privateIp,
  'product-code': () => undefined,
  reason: ({ stateTransitionReason }) => stateTransitionReason,
  'reservation-id': ({ reservationId }) => reservationId,
  'root-device-name': ({ rootDeviceName }) => rootDeviceName,
  'root-device-type': () => 'ebs',
  'source-dest-check': () => true,
  'spot-instance-request-id': () => undefined,
  'state-reason-code': ({ stateReason }) => stateReason?.code,
  'state-reason-message': ({ stateReason }) => stateReason?.message,
  'subnet-id': ({ subnetId }) => subnetId,
  tenancy: () => 'default',
  'usage-operation': () => 'RunInstances',
  'virtualization-type': ({ virtualizationType }) => virtualizationType,
  'vpc-id': ({ vpcId }) => vpcId,
};

export function instanceFilters(call: Call): FilterFields<InstanceRecord> {
  const now = call.cloud.clock.now();
  const attachments = (instance: InstanceRecord) =>
    volumesOf(call.cloud, instance).flatMap(({ attachment }) => attachment ?? []);
  const groupNames = (instance: InstanceRecord) =>
    instance.securityGroupIds.map((id) => call.cloud.securityGroups.get(call.region, id)?.name);
  return {
    ...recordFilters,
    'block-device-mapping.attach-time': (instance) =>
      attachments(instance).map(({ attachedFrom }) => filterTime(attachedFrom)),
    'block-device-mapping.delete-on-termination': (instance) =>
      attachments(instance).map(({ deleteOnTermination }) => String(deleteOnTermination)),
    'block-device-mapping.device-name': (instance) =>
      attachments(instance).map(({ deviceName }) => deviceName),
    'block-device-mapping.status': (instance) =>
      attachments(instance).map((attachment) => attachmentStatus(attachment, now)),
    'instance.group-name': groupNames,
    'owner-id': () => call.cloud.accountId,
  };
}
