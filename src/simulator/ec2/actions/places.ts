/** Regions, availability zones, the default network, key pairs: what every account has from the start. */

import { arnOf, dnsSuffixOf } from '../../partition.js';
import { CloudError } from '../../errors.js';
import { flag, integer, list, text } from '../../input.js';
import type { Region } from '../../regions.js';
import { isEnabled, regions, regionsOf } from '../../regions.js';
import type { XmlFields } from '../../http/xml.js';
import type { ActionTable, Call } from '../lib/action.js';
import { action } from '../lib/action.js';
import { applyFilters, filterInput } from '../lib/filters.js';
import { defaultSubnets, defaultVpcId } from '../lib/network-defaults.js';
import { paginate } from '../lib/pagination.js';

function optInStatus(call: Call, region: Region): string {
  if (!region.optIn) return 'opt-in-not-required';
  return isEnabled(region, call.cloud.settings.optedInRegions) ? 'opted-in' : 'not-opted-in';
}

function endpoint(region: Region): string {
  return `ec2.${region.name}.${dnsSuffixOf(region.name)}`;
}

export const placeActions: ActionTable = {
  DescribeRegions: action(
    { RegionName: list(text), AllRegions: flag, Filter: filterInput },
    (call, input) => {
      const unknown = input.RegionName.filter((name) => !regionsOf(call.cloud).has(name));
      if (unknown.length > 0) {
        throw new CloudError(
          'InvalidParameterValue',
          `Invalid region names: [${unknown.join(', ')}]`,
        );
      }
      const candidates = [...regionsOf(call.cloud).values()].filter(
        (region) =>
          (input.AllRegions === true || isEnabled(region, call.cloud.settings.optedInRegions)) &&
          (input.RegionName.length === 0 || input.RegionName.includes(region.name)),
      );
      const matching = applyFilters(candidates as (Region & { tags?: never })[], input.Filter, {
        endpoint,
        'opt-in-status': (region) => optInStatus(call, region),
        'region-name': ({ name }) => name,
      });
      return {
        regionInfo: matching.map((region) => ({
          regionName: region.name,
          regionEndpoint: endpoint(region),
          optInStatus: optInStatus(call, region),
        })),
      };
    },
  ),

  DescribeAvailabilityZones: action(
    { ZoneName: list(text), ZoneId: list(text), AllAvailabilityZones: flag, Filter: filterInput },
    (call, input) => {
      const zones = regions.get(call.region)?.zones ?? [];
      const unknown = [
        ...input.ZoneName.filter((name) => !zones.some((zone) => zone.name === name)),
        ...input.ZoneId.filter((id) => !zones.some((zone) => zone.id === id)),
      ];
      if (unknown.length > 0) {
        throw new CloudError(
          'InvalidParameterValue',
          `Invalid availability zone: [${unknown.join(', ')}]`,
        );
      }
      const named = zones.filter(
        (zone) =>
          (input.ZoneName.length === 0 || input.ZoneName.includes(zone.name)) &&
          (input.ZoneId.length === 0 || input.ZoneId.includes(zone.id)),
      );
      const matching = applyFilters(
        named as ((typeof zones)[number] & { tags?: never })[],
        input.Filter,
        {
          'group-name': () => `${call.region}-zg-1`,
          'opt-in-status': () => 'opt-in-not-required',
          'region-name': () => call.region,
          state: () => 'available',
          'zone-id': ({ id }) => id,
          'zone-name': ({ name }) => name,
          'zone-type': () => 'availability-zone',
        },
      );
      return {
        availabilityZoneInfo: matching.map((zone) => ({
          zoneName: zone.name,
          zoneId: zone.id,
          zoneState: 'available',
          zoneType: 'availability-zone',
          regionName: call.region,
          groupName: `${call.region}-zg-1`,
          networkBorderGroup: call.region,
          optInStatus: 'opt-in-not-required',
          messageSet: [],
        })),
      };
    },
  ),

  DescribeVpcs: action(
    { VpcId: list(text), Filter: filterInput, MaxResults: integer, NextToken: text },
    (call, input) => {
      const id = defaultVpcId(call.region);
      const unknown = input.VpcId.find((wanted) => wanted !== id);
      if (unknown !== undefined) {
        throw new CloudError('InvalidVpcID.NotFound', `The vpc ID '${unknown}' does not exist`);
      }
      const matching = applyFilters([{ id, tags: {} }], input.Filter, {
        cidr: () => '172.31.0.0/16',
        'cidr-block-association.cidr-block': () => '172.31.0.0/16',
        'is-default': () => true,
        isDefault: () => true,
        'owner-id': () => call.cloud.accountId,
        state: () => 'available',
        'vpc-id': (vpc) => vpc.id,
      });
      return { vpcSet: matching.map((vpc) => vpcXml(call, vpc.id)) };
    },
  ),

  DescribeSubnets: action(
    { SubnetId: list(text), Filter: filterInput, MaxResults: integer, NextToken: text },
    (call, input) => {
      const subnets = defaultSubnets(call.region).map((subnet, seq) => ({
        ...subnet,
        seq,
        tags: {},
      }));
      const unknown = input.SubnetId.find((id) => !subnets.some((subnet) => subnet.id === id));
      if (unknown !== undefined) {
        throw new CloudError(
          'InvalidSubnetID.NotFound',
          `The subnet ID '${unknown}' does not exist`,
        );
      }
      const named = subnets.filter(
        ({ id }) => input.SubnetId.length === 0 || input.SubnetId.includes(id),
      );
      const matching = applyFilters(named, input.Filter, {
        'availability-zone': ({ zone }) => zone,
        availabilityZone: ({ zone }) => zone,
        'availability-zone-id': ({ zoneId }) => zoneId,
        'cidr-block': ({ cidr }) => cidr,
        'default-for-az': () => true,
        defaultForAz: () => true,
        'map-public-ip-on-launch': () => true,
        'owner-id': () => call.cloud.accountId,
        state: () => 'available',
        'subnet-id': ({ id }) => id,
        'vpc-id': () => defaultVpcId(call.region),
      });
      const page = paginate(matching, {
        maxResults: input.MaxResults,
        nextToken: input.NextToken,
        range: [5, 1000],
      });
      return {
        subnetSet: page.items.map((subnet) => ({
          subnetId: subnet.id,
          subnetArn: arnOf('ec2', {
            region: call.region,
            account: call.cloud.accountId,
            resource: `subnet/${subnet.id}`,
          }),
          state: 'available',
          ownerId: call.cloud.accountId,
          vpcId: defaultVpcId(call.region),
          cidrBlock: subnet.cidr,
          availableIpAddressCount: 4091,
          availabilityZone: subnet.zone,
          availabilityZoneId: subnet.zoneId,
          defaultForAz: true,
          mapPublicIpOnLaunch: true,
          assignIpv6AddressOnCreation: false,
        })),
        nextToken: page.nextToken,
      };
    },
  ),

  DescribeKeyPairs: action(
    { KeyName: list(text), KeyPairId: list(text), IncludePublicKey: flag, Filter: filterInput },
    (_call, input) => {
      const [name] = [...input.KeyName, ...input.KeyPairId];
      if (name !== undefined) {
        throw new CloudError('InvalidKeyPair.NotFound', `The key pair '${name}' does not exist`);
      }
      return { keySet: [] };
    },
  ),
};

function vpcXml(call: Call, vpcId: string): XmlFields {
  return {
    vpcId,
    ownerId: call.cloud.accountId,
    state: 'available',
    cidrBlock: '172.31.0.0/16',
    instanceTenancy: 'default',
    isDefault: true,
    cidrBlockAssociationSet: [
      {
        associationId: vpcId.replace('vpc-', 'vpc-cidr-assoc-'),
        cidrBlock: '172.31.0.0/16',
        cidrBlockState: { state: 'associated' },
      },
    ],
  };
}
