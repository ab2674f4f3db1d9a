/** The default VPC of each region: its subnets, one a zone, and its default security group. */

import type { Cloud } from '../../cloud.js';
import { hexOf } from '../../random.js';
import { regions, regionsOf } from '../../regions.js';
import type { SecurityGroupRecord } from '../../store/state.js';

export interface Subnet {
  readonly id: string;
  readonly zone: string;
  readonly zoneId: string;
  readonly cidr: string;
  /** The first three numbers of its addresses end here: `172.31.N`. */
  readonly thirdOctet: number;
}

export function defaultVpcId(region: string): string {
  return `vpc-0${hexOf(`${region} default vpc`, 16)}`;
}

export function defaultSubnets(region: string): Subnet[] {
  return (regions.get(region)?.zones ?? []).map((zone, index) => ({
    id: `subnet-0${hexOf(`${zone.name} default subnet`, 16)}`,
    zone: zone.name,
    zoneId: zone.id,
    cidr: `172.31.${index * 16}.0/20`,
    thirdOctet: index * 16,
  }));
}

export function zoneOfSubnet(region: string, subnetId: string): string | undefined {
  return defaultSubnets(region).find((subnet) => subnet.id === subnetId)?.zone;
}

export function defaultGroupId(region: string): string {
  return `sg-0${hexOf(`${region} default group`, 16)}`;
}

/** VPC user guide, "Default security groups": it admits traffic from itself and lets all traffic out. */
export function presetDefaultGroups(cloud: Cloud): void {
  let seq = -2_000_000;
  for (const region of regionsOf(cloud).keys()) {
    const id = defaultGroupId(region);
    const group: SecurityGroupRecord = {
      id,
      region,
      seq: seq++,
      createdAt: 0,
      visibleAt: 0,
      tags: {},
      name: 'default',
      description: 'default VPC security group',
      vpcId: defaultVpcId(region),
      rules: [
        { id: ruleId(region, 'in'), isEgress: false, protocol: '-1', groupId: id },
        { id: ruleId(region, 'out'), isEgress: true, protocol: '-1', cidrIpv4: '0.0.0.0/0' },
      ],
    };
    cloud.securityGroups.preset(group);
  }
}

function ruleId(region: string, direction: string): string {
  return `sgr-0${hexOf(`${region} default ${direction}`, 16)}`;
}
