/** What RunInstances refuses: image and type that do not fit, places and profiles that do not exist. */

import { arnOf, globalResource } from '../../partition.js';
import { CloudError, invalidCombination, invalidValue, missingParameter } from '../../errors.js';
import { globMatcher } from '../../faults/glob.js';
import { regions } from '../../regions.js';
import { quotaOf, standardVcpus } from '../../service-quotas/quotas.js';
import type { ImageRecord, SecurityGroupRecord } from '../../store/state.js';
import type { Call } from './action.js';
import { resolveImageId } from './image-parameter.js';
import { findUsableImage, imageState } from './image-state.js';
import type { InstanceType } from './instance-type-catalog.js';
import { isKnownType, typeIn, typeOf } from './instance-type-catalog.js';
import type { RunInstancesInput } from './launch-input.js';
import type { Subnet } from './network-defaults.js';
import { defaultGroupId, defaultSubnets } from './network-defaults.js';

export function checkImage(call: Call, given: string | undefined): ImageRecord {
  if (given === undefined || given === '') throw missingParameter('ImageId');
  const imageId = resolveImageId(call, given);
  const image = findUsableImage(call, imageId);
  if (image.imageType !== 'machine') {
    throw new CloudError('InvalidAMIID.NotFound', `The image id '[${imageId}]' does not exist`);
  }
  if (imageState(call, image) !== 'available') {
    throw new CloudError('InvalidAMIID.Unavailable', `The image ID '${imageId}' is not available`);
  }
  return image;
}

/** The default is m1.small (RunInstances: InstanceType), which exists only where PV does. */
export function checkType(call: Call, name: string | undefined): InstanceType {
  const wanted = name ?? 'm1.small';
  const type = typeIn(call.region, wanted);
  if (type !== undefined) return type;
  if (isKnownType(wanted)) {
    throw new CloudError(
      'Unsupported',
      `The requested configuration is currently not supported in this region: ${wanted}. Please check the documentation for supported configurations.`,
    );
  }
  throw invalidValue(`Invalid value '${wanted}' for InstanceType.`);
}

/** Whether the zone has the type (settings: unsupportedTypes). */
export function zoneHasType(call: Pick<Call, 'cloud'>, zone: string, type: string): boolean {
  const lacking = call.cloud.settings.unsupportedTypes[zone] ?? [];
  return !lacking.some((pattern) => globMatcher(pattern)(type));
}

/** EC2 user guide, "Troubleshoot instance launch issues": Unsupported. */
export function checkZone(call: Call, place: Place, type: InstanceType): void {
  const { zone } = place.subnet;
  if (zoneHasType(call, zone, type.name)) return;
  const zones = (regions.get(call.region)?.zones ?? []).map(({ name }) => name);
  const others = zones.filter((name) => zoneHasType(call, name, type.name));
  throw new CloudError(
    'Unsupported',
    `Your requested instance type (${type.name}) is not supported in your requested Availability Zone (${zone}). Please retry your request by not specifying an Availability Zone or choosing ${others.join(', ')}.`,
  );
}

/** EC2 user guide: compatibility of AMI and instance type; boot modes; enhanced networking. */
export function checkFit(image: ImageRecord, type: InstanceType): void {
  if (!type.architectures.includes(image.architecture)) {
    throw invalidValue(
      `The architecture '${type.architectures.join(',')}' of the specified instance type does not match the architecture '${image.architecture}' of the specified AMI. Specify an instance type and an AMI that have matching architectures, and try again.`,
    );
  }
  if (!type.virtualizationTypes.includes(image.virtualizationType)) {
    throw invalidCombination(
      `Non-Windows instances with a virtualization type of '${image.virtualizationType}' are currently not supported for this instance type : ${type.name}.`,
    );
  }
  if (type.ena === 'required' && !image.enaSupport) {
    throw invalidCombination(
      `Enhanced networking with the Elastic Network Adapter (ENA) is required for the '${type.name}' instance type. Ensure that you are using an AMI that is enabled for ENA.`,
    );
  }
  if (image.bootMode === 'uefi' && !type.nitro) {
    throw invalidCombination(
      `The instance type '${type.name}' does not support an AMI with boot mode 'uefi'.`,
    );
  }
}

/** The request's kernel replaces that of a PV image; HVM images have no kernel. */
export function chooseKernel(
  call: Call,
  image: ImageRecord,
  wanted: string | undefined,
): string | undefined {
  if (wanted === undefined) return image.kernelId;
  if (image.virtualizationType !== 'paravirtual') {
    throw invalidCombination('A kernel cannot be specified for HVM images.');
  }
  const kernel = findUsableImage(call, wanted);
  if (kernel.imageType === 'kernel' && kernel.architecture === image.architecture) return wanted;
  throw invalidValue(`Value (${wanted}) for parameter kernelId is invalid.`);
}

export interface Place {
  readonly subnet: Subnet;
  /** The zone, when the request names it; then its ClientToken is zonal. */
  readonly namedZone: string | undefined;
}

export function choosePlace(call: Call, input: RunInstancesInput): Place {
  const subnets = defaultSubnets(call.region);
  const fromInterface = input.NetworkInterface[0]?.SubnetId;
  if (input.NetworkInterface.length > 0 && input.SubnetId !== undefined) {
    throw invalidCombination(
      'Network interfaces and an instance-level subnet ID may not be specified on the same request',
    );
  }
  const subnetId = input.SubnetId ?? fromInterface;
  const zone = namedZone(
    call,
    input.Placement?.AvailabilityZone,
    input.Placement?.AvailabilityZoneId,
  );
  if (subnetId !== undefined) {
    const subnet = subnets.find((candidate) => candidate.id === subnetId);
    if (subnet === undefined) {
      throw new CloudError(
        'InvalidSubnetID.NotFound',
        `The subnet ID '${subnetId}' does not exist`,
      );
    }
    if (zone !== undefined && zone !== subnet.zone) {
      throw invalidValue(
        `The availability zone '${zone}' does not match the subnet's '${subnet.zone}'.`,
      );
    }
    return { subnet, namedZone: subnet.zone };
  }
  // Without a zone EC2 chooses one that has the type.
  const choices = subnets.filter((subnet) =>
    zone === undefined
      ? zoneHasType(call, subnet.zone, input.InstanceType ?? 'm1.small')
      : subnet.zone === zone,
  );
  const chosen = choices[Math.floor(call.cloud.random.next() * choices.length)];
  if (chosen === undefined) {
    throw new CloudError(
      'Unsupported',
      'The requested configuration is currently not supported. Please check the documentation for supported configurations.',
    );
  }
  return { subnet: chosen, namedZone: zone };
}

function namedZone(
  call: Call,
  name: string | undefined,
  id: string | undefined,
): string | undefined {
  if (name === undefined && id === undefined) return undefined;
  const zones = regions.get(call.region)?.zones ?? [];
  const zone = zones.find((candidate) => candidate.name === name || candidate.id === id);
  if (zone !== undefined) return zone.name;
  throw invalidValue(`Invalid availability zone: [${name ?? id ?? ''}]`);
}

/** Groups of the request, by id or (default VPC) by name; without any, the default group. */
export function chooseGroups(call: Call, input: RunInstancesInput): string[] {
  const ofInterface = input.NetworkInterface.flatMap((network) => network.SecurityGroupId);
  if (
    input.NetworkInterface.length > 0 &&
    input.SecurityGroupId.length + input.SecurityGroup.length > 0
  ) {
    throw invalidCombination(
      'Network interfaces and an instance-level security groups may not be specified on the same request',
    );
  }
  const groups = [...call.cloud.securityGroups.inRegion(call.region)];
  const find = (wanted: string, by: (group: SecurityGroupRecord) => string): string => {
    const group = groups.find((candidate) => by(candidate) === wanted);
    if (group !== undefined) return group.id;
    throw new CloudError('InvalidGroup.NotFound', `The security group '${wanted}' does not exist`);
  };
  const ids = [
    ...[...ofInterface, ...input.SecurityGroupId].map((id) => find(id, (group) => group.id)),
    ...input.SecurityGroup.map((name) => find(name, (group) => group.name)),
  ];
  return ids.length > 0 ? [...new Set(ids)] : [defaultGroupId(call.region)];
}

/** User-data is at most 16 KB before encoding (EC2 user guide, "Run commands when you launch an EC2 instance"). */
export function checkUserData(userData: string | undefined): void {
  if (userData === undefined) return;
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(userData)) {
    throw new CloudError('InvalidUserData.Malformed', 'Invalid BASE64 encoding of user data.');
  }
  if (Buffer.from(userData, 'base64').length > 16_384) {
    throw invalidValue('User data is limited to 16384 bytes');
  }
}

export function chooseProfile(
  call: Call,
  given: { readonly Arn: string | undefined; readonly Name: string | undefined } | undefined,
): { arn: string; id: string } | undefined {
  if (given === undefined) return undefined;
  if (given.Arn !== undefined && given.Name !== undefined) {
    throw invalidCombination('Only one of name and arn of an instance profile can be specified.');
  }
  const inArn = /^instance-profile\/(?:[\w+=,.@/-]*\/)?([\w+=,.@-]{1,128})$/;
  const name =
    given.Name ??
    inArn.exec(globalResource(given.Arn ?? '', 'iam', call.cloud.settings.partition))?.[1] ??
    '';
  const field = given.Name === undefined ? 'arn' : 'name';
  const known = call.cloud.settings.instanceProfiles;
  if (!/^[\w+=,.@-]{1,128}$/.test(name) || known?.includes(name) === false) {
    throw invalidValue(
      `Value (${given.Name ?? given.Arn ?? ''}) for parameter iamInstanceProfile.${field} is invalid. Invalid IAM Instance Profile ${field}`,
    );
  }
  const arn =
    given.Arn ??
    arnOf('iam', {
      partition: call.cloud.settings.partition,
      account: call.cloud.accountId,
      resource: `instance-profile/${name}`,
    });
  return { arn, id: `AIPA${Buffer.from(arn).toString('hex').toUpperCase().slice(-17)}` };
}

/**
 * EC2 user guide, "On-Demand Instance quotas": vCPUs of running instances. Whether an instance that ends still
 * counts is not documented; here it does until it has ended.
 */
export function checkVcpus(call: Call, wanted: number): void {
  const { cloud, region } = call;
  const limit = quotaOf(cloud, standardVcpus, region);
  if (limit === undefined) return;
  let used = 0;
  for (const instance of cloud.instances.inRegion(region)) {
    const counts = instance.state !== 'stopped' && instance.state !== 'terminated';
    if (counts) used += typeOf(instance.instanceType)?.vcpus ?? 0;
  }
  if (wanted > 0 && used + wanted > limit) {
    throw new CloudError(
      'VcpuLimitExceeded',
      `You have requested more vCPU capacity than your current vCPU limit of ${limit} allows for the instance bucket that the specified instance type belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit.`,
    );
  }
}

/** Refuses resources that a launch can name and that this account does not have. */
export function refuseWhatIsNotThere(input: RunInstancesInput): void {
  const template = input.LaunchTemplate;
  if (template?.LaunchTemplateId !== undefined) {
    throw new CloudError(
      'InvalidLaunchTemplateId.NotFound',
      `The specified launch template, with template ID ${template.LaunchTemplateId}, does not exist.`,
    );
  }
  if (template?.LaunchTemplateName !== undefined) {
    throw new CloudError(
      'InvalidLaunchTemplateName.NotFoundException',
      `The specified launch template, with template name ${template.LaunchTemplateName}, does not exist.`,
    );
  }
  if (input.KeyName !== undefined) {
    throw new CloudError(
      'InvalidKeyPair.NotFound',
      `The key pair '${input.KeyName}' does not exist`,
    );
  }
  const placementGroup = input.Placement?.GroupName ?? input.Placement?.GroupId;
  if (placementGroup !== undefined && placementGroup !== '') {
    throw new CloudError(
      'InvalidPlacementGroup.Unknown',
      `The placement group '${placementGroup}' is unknown.`,
    );
  }
  const networkInterface = input.NetworkInterface.find(
    (one) => one.NetworkInterfaceId !== undefined,
  );
  if (networkInterface !== undefined) {
    throw new CloudError(
      'InvalidNetworkInterfaceID.NotFound',
      `The networkInterface ID '${networkInterface.NetworkInterfaceId ?? ''}' does not exist`,
    );
  }
  const market = input.InstanceMarketOptions?.MarketType;
  if (market !== undefined && market !== 'on-demand') {
    throw new CloudError(
      'UnsupportedOperation',
      `The market type '${market}' is not supported here.`,
    );
  }
  const tenancy = input.Placement?.Tenancy;
  if (tenancy !== undefined && tenancy !== 'default') {
    throw new CloudError('UnsupportedOperation', `The tenancy '${tenancy}' is not supported here.`);
  }
}
