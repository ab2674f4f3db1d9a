/** DescribeInstanceTypes and DescribeInstanceTypeOfferings. */

import { CloudError } from '../../errors.js';
import { flag, integer, list, oneOf, text } from '../../input.js';
import { regions } from '../../regions.js';
import type { XmlFields } from '../../http/xml.js';
import type { ActionTable, Call } from '../lib/action.js';
import { action } from '../lib/action.js';
import { applyFilters, filterInput } from '../lib/filters.js';
import type { FilterFields } from '../lib/filters.js';
import type { InstanceType } from '../lib/instance-type-catalog.js';
import { typeIn, typesIn } from '../lib/instance-type-catalog.js';
import { zoneHasType } from '../lib/launch-checks.js';
import { paginate } from '../lib/pagination.js';

type Listed<T> = T & { readonly seq: number; readonly tags?: never };

function numbered<T>(items: readonly T[]): Listed<T>[] {
  return items.map((item, seq) => ({ ...item, seq }));
}

export const instanceTypeActions: ActionTable = {
  DescribeInstanceTypes: action(
    {
      InstanceType: list(text),
      Filter: filterInput,
      MaxResults: integer,
      NextToken: text,
      IncludeUnsupportedInRegion: flag,
    },
    (call, input) => {
      const unknown = input.InstanceType.filter((name) => typeIn(call.region, name) === undefined);
      if (unknown.length > 0) {
        throw new CloudError(
          'InvalidInstanceType',
          `The following supplied instance types do not exist: [${unknown.join(', ')}]`,
        );
      }
      const named = typesIn(call.region).filter(
        ({ name }) => input.InstanceType.length === 0 || input.InstanceType.includes(name),
      );
      const page = paginate(applyFilters(numbered(named), input.Filter, typeFilters), {
        maxResults: input.MaxResults,
        nextToken: input.NextToken,
        range: [5, 100],
      });
      return { instanceTypeSet: page.items.map(typeXml), nextToken: page.nextToken };
    },
  ),

  DescribeInstanceTypeOfferings: action(
    {
      LocationType: oneOf('region', 'availability-zone', 'availability-zone-id', 'outpost'),
      Filter: filterInput,
      MaxResults: integer,
      NextToken: text,
    },
    (call, input) => {
      const locationType = input.LocationType ?? 'region';
      const zones = regions.get(call.region)?.zones ?? [];
      const locations: readonly string[] = {
        region: [call.region],
        'availability-zone': zones.map(({ name }) => name),
        'availability-zone-id': zones.map(({ id }) => id),
        outpost: [],
      }[locationType];
      const offerings = typesIn(call.region).flatMap(({ name }) =>
        locationsOf(call, name, locationType, locations).map((location) => ({
          instanceType: name,
          locationType,
          location,
        })),
      );
      const matching = applyFilters(numbered(offerings), input.Filter, {
        'instance-type': ({ instanceType }) => instanceType,
        location: ({ location }) => location,
      });
      const page = paginate(matching, {
        maxResults: input.MaxResults,
        nextToken: input.NextToken,
        range: [5, 1000],
      });
      return {
        instanceTypeOfferingSet: page.items.map(({ instanceType, location }) => ({
          instanceType,
          locationType,
          location,
        })),
        nextToken: page.nextToken,
      };
    },
  ),
};

/** A zone that lacks the type does not offer it, by name or by id. */
function locationsOf(
  call: Call,
  type: string,
  locationType: string,
  locations: readonly string[],
): readonly string[] {
  if (!locationType.startsWith('availability-zone')) return locations;
  return locations.filter((location) => {
    const zone = regions
      .get(call.region)
      ?.zones.find(({ name, id }) => name === location || id === location);
    return zone === undefined || zoneHasType(call, zone.name, type);
  });
}

function bootModes(type: InstanceType): string[] {
  if (type.architectures.includes('arm64')) return ['uefi'];
  return type.nitro ? ['legacy-bios', 'uefi'] : ['legacy-bios'];
}

/** EC2 API reference, DescribeInstanceTypes: Filters. */
const typeFilters: FilterFields<Listed<InstanceType>> = {
  'auto-recovery-supported': () => true,
  'bare-metal': () => false,
  'burstable-performance-supported': ({ burstable }) => burstable,
  'current-generation': ({ currentGeneration }) => currentGeneration,
  'ebs-info.nvme-support': ({ nitro }) => (nitro ? 'required' : 'unsupported'),
  'free-tier-eligible': ({ name }) => name === 't3.micro' || name === 't2.micro',
  'hibernation-supported': () => false,
  hypervisor: ({ nitro }) => (nitro ? 'nitro' : 'xen'),
  'instance-storage-supported': () => false,
  'instance-type': ({ name }) => name,
  'memory-info.size-in-mib': ({ memoryMiB }) => memoryMiB,
  'network-info.ena-support': ({ ena }) => ena,
  'processor-info.supported-architecture': ({ architectures }) => architectures,
  'supported-boot-mode': bootModes,
  'supported-root-device-type': () => 'ebs',
  'supported-usage-class': () => 'on-demand',
  'supported-virtualization-type': ({ virtualizationTypes }) => virtualizationTypes,
  'vcpu-info.default-vcpus': ({ vcpus }) => vcpus,
};

/** An InstanceTypeInfo of the API, as far as a launch depends on it. */
function typeXml(type: InstanceType): XmlFields {
  return {
    instanceType: type.name,
    currentGeneration: type.currentGeneration,
    freeTierEligible: type.name === 't3.micro' || type.name === 't2.micro',
    supportedUsageClasses: ['on-demand'],
    supportedRootDeviceTypes: ['ebs'],
    supportedVirtualizationTypes: type.virtualizationTypes,
    bareMetal: false,
    hypervisor: type.nitro ? 'nitro' : 'xen',
    processorInfo: { supportedArchitectures: type.architectures },
    vCpuInfo: { defaultVCpus: type.vcpus },
    memoryInfo: { sizeInMiB: type.memoryMiB },
    instanceStorageSupported: false,
    ebsInfo: {
      ebsOptimizedSupport: type.nitro ? 'default' : 'unsupported',
      encryptionSupport: 'supported',
      nvmeSupport: type.nitro ? 'required' : 'unsupported',
    },
    networkInfo: { enaSupport: type.ena, ipv6Supported: true, maximumNetworkInterfaces: 2 },
    hibernationSupported: false,
    burstablePerformanceSupported: type.burstable,
    dedicatedHostsSupported: false,
    autoRecoverySupported: true,
    supportedBootModes: bootModes(type),
    nitroEnclavesSupport: 'unsupported',
    nitroTpmSupport: 'unsupported',
  };
}
