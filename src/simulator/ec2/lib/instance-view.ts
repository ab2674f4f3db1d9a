/** How instances are shown. */

import { dnsSuffixOf } from '../../partition.js';
import { zoneId } from '../../regions.js';
import type { InstanceRecord, InstanceState } from '../../store/state.js';
import type { XmlFields } from '../../http/xml.js';
import type { Call } from './action.js';
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

export function privateDnsName(instance: InstanceRecord): string {
  const host = `ip-${instance.privateIp.replaceAll('.', '-')}`;
  return instance.region === 'us-east-1'
    ? `${host}.ec2.internal`
    : `${host}.${instance.region}.compute.internal`;
}

export function publicDnsName(instance: InstanceRecord): string {
  if (instance.publicIp === undefined) return '';
  const host = `ec2-${instance.publicIp.replaceAll('.', '-')}`;
  return instance.region === 'us-east-1'
    ? `${host}.compute-1.amazonaws.com`
    : `${host}.${instance.region}.compute.${dnsSuffixOf(instance.region)}`;
}

/** An Instance of the API. A terminated one has no network, volumes and groups. */
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
