/** RunInstances. */

import { createVolume } from '../lib/volume-lifecycle.js';
import { CloudError, invalidValue } from '../../errors.js';
import type { ImageRecord, InstanceRecord, Tags } from '../../store/state.js';
import type { XmlFields } from '../../http/xml.js';
import type { ActionTable, Call } from '../lib/action.js';
import { action } from '../lib/action.js';
import { useToken } from '../lib/client-token.js';
import { beginTermination, powerOn } from '../lib/instance-lifecycle.js';
import type { InstanceType } from '../lib/instance-type-catalog.js';
import { reservationXml } from '../lib/instance-view.js';
import {
  checkFit,
  checkImage,
  checkType,
  checkUserData,
  checkVcpus,
  checkZone,
  chooseGroups,
  chooseKernel,
  choosePlace,
  chooseProfile,
  refuseWhatIsNotThere,
} from '../lib/launch-checks.js';
import type { Place } from '../lib/launch-checks.js';
import type { LaunchDisk } from '../lib/launch-disks.js';
import { planDisks } from '../lib/launch-disks.js';
import type { RunInstancesInput } from '../lib/launch-input.js';
import { runInstancesInput } from '../lib/launch-input.js';
import { newId, newPublicIp, newResource } from '../lib/new-resource.js';
import type { Subnet } from '../lib/network-defaults.js';
import { defaultVpcId } from '../lib/network-defaults.js';
import { readTagSpecifications } from '../lib/tag-input.js';
import { volumesLeft } from '../lib/volume-limit.js';

/** What all instances of one request share. */
interface LaunchPlan {
  readonly input: RunInstancesInput;
  readonly image: ImageRecord;
  readonly kernelId: string | undefined;
  readonly type: InstanceType;
  readonly subnet: Subnet;
  readonly groups: string[];
  readonly profile: { arn: string; id: string } | undefined;
  readonly disks: readonly LaunchDisk[];
  readonly reservationId: string;
  readonly clientToken: string;
  readonly tags: ReadonlyMap<string, Tags>;
}

export const runInstancesActions: ActionTable = {
  RunInstances: action(runInstancesInput, (call, input) => {
    const { ClientToken: clientToken, ...parameters } = input;
    const place = choosePlace(call, input);
    const { namedZone } = place;
    const token = useToken(call, clientToken, namedZone ?? '', {
      ...parameters,
      Placement: { ...parameters.Placement, AvailabilityZone: '', AvailabilityZoneId: '' },
    });
    if (token.earlier !== undefined) return earlierLaunch(call, token.earlier);
    const plan = planLaunch(call, input, place);
    const count = countInstances(input);
    checkVcpus(call, plan.type.vcpus * count);
    const instances = Array.from({ length: count }, (_, index) => launch(call, plan, index));
    token.remember(instances.map((instance) => instance.id));
    plan.image.lastLaunchedAt = call.cloud.clock.now();
    if (plan.image.ownerId === call.cloud.accountId) call.cloud.images.put(plan.image);
    return reservationXml(call, instances);
  }),
};

/** A repeated request: the same instances, in the state that they have now. */
function earlierLaunch(call: Call, ids: readonly string[]): XmlFields {
  const instances = ids.flatMap((id) => call.cloud.instances.get(call.region, id) ?? []);
  // Error codes: IdempotentInstanceTerminated. A token outlives its instance by at least a day.
  if (instances.length < ids.length || instances.some((one) => one.state === 'terminated')) {
    throw new CloudError(
      'IdempotentInstanceTerminated',
      'The request to launch an instance uses the same client token as a previous request for which the instance has been terminated.',
    );
  }
  return reservationXml(call, instances);
}

function planLaunch(call: Call, input: RunInstancesInput, place: Place): LaunchPlan {
  refuseWhatIsNotThere(input);
  const tags = readTagSpecifications(input.TagSpecification, [
    'instance',
    'volume',
    'network-interface',
    'spot-instances-request',
  ]);
  const image = checkImage(call, input.ImageId);
  const type = checkType(call, input.InstanceType);
  checkFit(image, type);
  checkZone(call, place, type);
  checkUserData(input.UserData);
  return {
    input,
    image,
    kernelId: chooseKernel(call, image, input.KernelId),
    type,
    subnet: place.subnet,
    groups: chooseGroups(call, input),
    profile: chooseProfile(call, input.IamInstanceProfile),
    disks: planDisks(call, image, input.BlockDeviceMapping),
    reservationId: newId(call.cloud, 'r'),
    // RunInstances: without a token "a randomly generated token is used".
    clientToken: input.ClientToken ?? call.cloud.random.hex(32),
    tags,
  };
}

/** One request launches at most this many; EC2's limit is the account's quota. */
const instancesMax = 100;

function countInstances(input: RunInstancesInput): number {
  const { MinCount: min, MaxCount: max } = input;
  if (min < 1 || max < 1) {
    throw invalidValue(
      `Value (${Math.min(min, max)}) for parameter minCount or maxCount is invalid. It must be at least 1.`,
    );
  }
  if (min > max) {
    throw invalidValue(
      `Value (${min}) for parameter minCount is invalid. Must be less than or equal to maxCount (${max}).`,
    );
  }
  if (min > instancesMax) {
    throw new CloudError(
      'ResourceCountExceeded',
      `At most ${instancesMax} instances can be launched in a single request.`,
    );
  }
  return Math.min(max, instancesMax);
}

function launch(call: Call, plan: LaunchPlan, launchIndex: number): InstanceRecord {
  const { cloud } = call;
  const { image, input, type, subnet } = plan;
  const fresh = newResource(call, 'i', { ...plan.tags.get('instance') });
  const host = 4 + Math.floor(cloud.random.next() * 4000);
  const isPrivate = input.NetworkInterface[0]?.AssociatePublicIpAddress === false;
  const instance: InstanceRecord = {
    ...fresh,
    reservationId: plan.reservationId,
    launchIndex,
    clientToken: plan.clientToken,
    imageId: image.id,
    ...(plan.kernelId === undefined ? {} : { kernelId: plan.kernelId }),
    instanceType: type.name,
    architecture: image.architecture,
    virtualizationType: image.virtualizationType,
    bootMode: currentBootMode(image, type),
    ...(image.bootMode === undefined ? {} : { imageBootMode: image.bootMode }),
    os: image.os,
    enaSupport: image.enaSupport,
    ...(image.sriovNetSupport === undefined ? {} : { sriovNetSupport: image.sriovNetSupport }),
    zone: subnet.zone,
    subnetId: subnet.id,
    vpcId: defaultVpcId(call.region),
    privateIp: `172.31.${subnet.thirdOctet + Math.floor(host / 256)}.${host % 256}`,
    ...(isPrivate ? {} : { publicIp: newPublicIp(cloud) }),
    securityGroupIds: plan.groups,
    networkInterface: {
      id: newId(cloud, 'eni'),
      attachmentId: newId(cloud, 'eni-attach'),
      mac: `02:${(cloud.random.hex(10).match(/../g) ?? []).join(':')}`,
    },
    ...(input.UserData === undefined ? {} : { userData: input.UserData }),
    ...(plan.profile === undefined ? {} : { iamInstanceProfile: plan.profile }),
    metadataOptions: metadataOptions(input, image),
    ebsOptimized: input.EbsOptimized ?? false,
    monitoring: input.Monitoring?.Enabled ?? false,
    shutdownBehavior: input.InstanceInitiatedShutdownBehavior ?? 'stop',
    disableApiTermination: input.DisableApiTermination ?? false,
    disableApiStop: input.DisableApiStop ?? false,
    rootDeviceName: image.rootDeviceName ?? '/dev/sda1',
    volumeIds: [],
    state: 'pending',
    stateUntil: fresh.createdAt + cloud.latency.draw('instancePending'),
    stateReason: { code: 'pending', message: 'pending' },
    stateTransitionReason: '',
    launchedAt: fresh.createdAt,
    bootedBefore: false,
    boot: 'none',
    statusOkAt: 0,
  };
  instance.volumeIds = plan.disks.map((disk) => createDisk(call, plan, instance, disk));
  cloud.instances.put(instance);
  if (volumesLeft(call) < 0) {
    // EC2 user guide, "Instance terminates immediately": the launch is accepted, and ends by itself.
    const code = 'Client.VolumeLimitExceeded';
    beginTermination(cloud, instance, code, `${code}: Volume limit exceeded`);
  } else cloud.background(powerOn(cloud, instance));
  return instance;
}

function createDisk(
  call: Call,
  plan: LaunchPlan,
  instance: InstanceRecord,
  disk: LaunchDisk,
): string {
  const now = call.cloud.clock.now();
  const volume = createVolume(call, {
    spec: disk.spec,
    zone: instance.zone,
    tags: { ...plan.tags.get('volume') },
    attachment: {
      instanceId: instance.id,
      deviceName: disk.deviceName,
      attachedFrom: now,
      attachedAt: instance.stateUntil,
      deleteOnTermination: disk.deleteOnTermination,
    },
  });
  return volume.id;
}

/** EC2 user guide, "Instance launch behavior with Amazon EC2 boot modes". */
function currentBootMode(image: ImageRecord, type: InstanceType): 'legacy-bios' | 'uefi' {
  if (image.architecture === 'arm64' || image.bootMode === 'uefi') return 'uefi';
  return image.bootMode === 'uefi-preferred' && type.nitro ? 'uefi' : 'legacy-bios';
}

/** The image's ImdsSupport sets the defaults (EC2 user guide, "Configure IMDS options for new instances"). */
function metadataOptions(
  input: RunInstancesInput,
  image: ImageRecord,
): InstanceRecord['metadataOptions'] {
  const options = input.MetadataOptions;
  const strict = image.imdsSupport === 'v2.0';
  const hops = options?.HttpPutResponseHopLimit ?? (strict ? 2 : 1);
  if (hops < 1 || hops > 64) {
    throw invalidValue(
      `Value (${hops}) for parameter HttpPutResponseHopLimit is invalid. It must be from 1 to 64.`,
    );
  }
  return {
    httpTokens: options?.HttpTokens ?? (strict ? 'required' : 'optional'),
    httpPutResponseHopLimit: hops,
    httpEndpoint: options?.HttpEndpoint ?? 'enabled',
    httpProtocolIpv6: options?.HttpProtocolIpv6 ?? 'disabled',
    instanceMetadataTags: options?.InstanceMetadataTags ?? 'disabled',
  };
}
