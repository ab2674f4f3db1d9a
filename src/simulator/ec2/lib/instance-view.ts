/** How instances are shown, and what DescribeInstances can filter by. */

import { zoneId } from '../../regions.js';
import type { InstanceRecord, InstanceState } from '../../store/state.js';
import type { XmlFields } from '../../http/xml.js';
import type { Call } from './action.js';
import type { FilterFields } from './filters.js';
import { filterTime } from './filters.js';
import { volumesOf } from './instance-lifecycle.js';
import { tagSet } from './tag-input.js';
import { attachmentStatus } from './volume-state.js';

/** EC2 API reference, InstanceState: Code. */
export const stateCodes: Readonly<Record<InstanceState, number>> = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
};

export function stateXml(state: InstanceState): XmlFields {
  return { code: stateCodes[state], name: state };
}

/** A Reservation of the API; all instances must be of one. */
export function reservationXml(call: Call, instances: readonly InstanceRecord[]): XmlFields {
  return {
    reservationId: instances[0]?.reservationId,
    ownerId: call.cloud.accountId,
    groupSet: [],
    instancesSet: instances.map((instance) => instanceXml(call, instance)),
  };
}

function isOver(instance: InstanceRecord): boolean {
  return instance.state === 'terminated';
}

function groupsXml(call: Call, instance: InstanceRecord): XmlFields[] {
  return instance.securityGroupIds.map((groupId) => ({
    groupId,
    groupName: call.cloud.securityGroups.get(call.region, groupId)?.name,
  }));
}

function privateDnsName(instance: InstanceRecord): string {
  const host = `ip-${instance.privateIp.replaceAll('.', '-')}`;
  return instance.region === 'us-east-1'
    ? `${host}.ec2.internal`
    : `${host}.${instance.region}.compute.internal`;
}

function publicDnsName(instance: InstanceRecord): string {
  if (instance.publicIp === undefined) return '';
  const host = `ec2-${instance.publicIp.replaceAll('.', '-')}`;
  return instance.region === 'us-east-1'
    ? `${host}.compute-1.amazonaws.com`
    : `${host}.${instance.region}.compute.amazonaws.com`;
}

/** An Instance of the API. A terminated one has lost its network, its volumes and its groups. */
export function instanceXml(call: Call, instance: InstanceRecord): XmlFields {
  const over = isOver(instance);
  const { metadataOptions } = instance;
  return {
    instanceId: instance.id,
    imageId: instance.imageId,
    instanceState: stateXml(instance.state),
    privateDnsName: over ? '' : privateDnsName(instance),
    dnsName: publicDnsName(instance),
    reason: instance.stateTransitionReason,
    keyName: instance.keyName,
    amiLaunchIndex: instance.launchIndex,
    productCodes: [],
    instanceType: instance.instanceType,
    launchTime: new Date(instance.launchedAt),
    placement: {
      availabilityZone: instance.zone,
      availabilityZoneId: zoneId(instance.region, instance.zone),
      groupName: '',
      tenancy: 'default',
    },
    kernelId: instance.kernelId,
    monitoring: { state: instance.monitoring ? 'enabled' : 'disabled' },
    subnetId: over ? undefined : instance.subnetId,
    vpcId: over ? undefined : instance.vpcId,
    privateIpAddress: over ? undefined : instance.privateIp,
    ipAddress: instance.publicIp,
    sourceDestCheck: over ? undefined : true,
    groupSet: over ? [] : groupsXml(call, instance),
    stateReason: instance.stateReason && { ...instance.stateReason },
    architecture: instance.architecture,
    rootDeviceType: 'ebs',
    rootDeviceName: instance.rootDeviceName,
    blockDeviceMapping: blockDevicesXml(call, instance),
    virtualizationType: instance.virtualizationType,
    clientToken: instance.clientToken,
    tagSet: tagSet(instance.tags),
    hypervisor: 'xen',
    networkInterfaceSet: over ? [] : [networkInterfaceXml(call, instance)],
    iamInstanceProfile: instance.iamInstanceProfile && { ...instance.iamInstanceProfile },
    ebsOptimized: instance.ebsOptimized,
    sriovNetSupport: instance.sriovNetSupport,
    enaSupport: instance.enaSupport ? true : undefined,
    capacityReservationSpecification: { capacityReservationPreference: 'open' },
    hibernationOptions: { configured: false },
    enclaveOptions: { enabled: false },
    metadataOptions: { state: 'applied', ...metadataOptions },
    bootMode: instance.imageBootMode,
    currentInstanceBootMode: instance.bootMode,
    platformDetails: 'Linux/UNIX',
    usageOperation: 'RunInstances',
    usageOperationUpdateTime: new Date(instance.createdAt),
    maintenanceOptions: { autoRecovery: 'default' },
    operator: { managed: false },
  };
}

function blockDevicesXml(call: Call, instance: InstanceRecord): XmlFields[] {
  const now = call.cloud.clock.now();
  // While it is pending EC2 shows no volumes yet.
  if (instance.state === 'pending') return [];
  return volumesOf(call.cloud, instance).flatMap((volume) => {
    const { attachment } = volume;
    if (attachment === undefined) return [];
    return [
      {
        deviceName: attachment.deviceName,
        ebs: {
          volumeId: volume.id,
          status: attachmentStatus(attachment, now),
          attachTime: new Date(attachment.attachedFrom),
          deleteOnTermination: attachment.deleteOnTermination,
        },
      },
    ];
  });
}

function networkInterfaceXml(call: Call, instance: InstanceRecord): XmlFields {
  const { networkInterface } = instance;
  return {
    networkInterfaceId: networkInterface.id,
    subnetId: instance.subnetId,
    vpcId: instance.vpcId,
    description: '',
    ownerId: call.cloud.accountId,
    status: 'in-use',
    interfaceType: 'interface',
    macAddress: networkInterface.mac,
    privateIpAddress: instance.privateIp,
    privateDnsName: privateDnsName(instance),
    sourceDestCheck: true,
    groupSet: groupsXml(call, instance),
    attachment: {
      attachmentId: networkInterface.attachmentId,
      deviceIndex: 0,
      status: instance.state === 'pending' ? 'attaching' : 'attached',
      attachTime: new Date(instance.launchedAt),
      deleteOnTermination: true,
      networkCardIndex: 0,
    },
    association:
      instance.publicIp === undefined
        ? undefined
        : {
            publicIp: instance.publicIp,
            publicDnsName: publicDnsName(instance),
            ipOwnerId: 'amazon',
          },
    privateIpAddressesSet: [
      {
        privateIpAddress: instance.privateIp,
        primary: true,
        privateDnsName: privateDnsName(instance),
      },
    ],
  };
}

/** EC2 API reference, DescribeInstances: Filters. */
export function instanceFilters(call: Call): FilterFields<InstanceRecord> {
  const now = call.cloud.clock.now();
  const attachments = (instance: InstanceRecord) =>
    volumesOf(call.cloud, instance).flatMap(({ attachment }) => attachment ?? []);
  const groupNames = (instance: InstanceRecord) =>
    instance.securityGroupIds.map((id) => call.cloud.securityGroups.get(call.region, id)?.name);
  const metadata = (name: keyof InstanceRecord['metadataOptions']) => (instance: InstanceRecord) =>
    instance.metadataOptions[name];
  return {
    architecture: ({ architecture }) => architecture,
    'availability-zone': ({ zone }) => zone,
    'availability-zone-id': ({ region, zone }) => zoneId(region, zone),
    'block-device-mapping.attach-time': (instance) =>
      attachments(instance).map(({ attachedFrom }) => filterTime(attachedFrom)),
    'block-device-mapping.delete-on-termination': (instance) =>
      attachments(instance).map(({ deleteOnTermination }) => String(deleteOnTermination)),
    'block-device-mapping.device-name': (instance) =>
      attachments(instance).map(({ deviceName }) => deviceName),
    'block-device-mapping.status': (instance) =>
      attachments(instance).map((attachment) => attachmentStatus(attachment, now)),
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
    'instance.group-name': groupNames,
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
    'owner-id': () => call.cloud.accountId,
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
}
