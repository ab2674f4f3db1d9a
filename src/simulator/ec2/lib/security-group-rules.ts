/** Rules of security groups: read from requests, compared, shown. */

import { CloudError, missingParameter } from '../../errors.js';
import { integer, list, structure, text } from '../../input.js';
import type { SecurityGroupRecord, SecurityGroupRule } from '../../store/state.js';
import type { XmlFields } from '../../http/xml.js';
import type { Call } from './action.js';
import { newId } from './new-resource.js';

export const permissionsInput = list(
  structure({
    IpProtocol: text,
    FromPort: integer,
    ToPort: integer,
    Groups: list(
      structure({
        Description: text,
        UserId: text,
        GroupName: text,
        GroupId: text,
        VpcId: text,
        VpcPeeringConnectionId: text,
        PeeringStatus: text,
      }),
    ),
    IpRanges: list(structure({ CidrIp: text, Description: text })),
    Ipv6Ranges: list(structure({ CidrIpv6: text, Description: text })),
    PrefixListIds: list(structure({ PrefixListId: text, Description: text })),
  }),
);

interface RuleInput {
  readonly IpPermissions: ReturnType<typeof permissionsInput>;
  readonly IpProtocol: string | undefined;
  readonly FromPort: number | undefined;
  readonly ToPort: number | undefined;
  readonly CidrIp: string | undefined;
}

/** One rule for each range, group or list that the request names. */
export function readRules(call: Call, input: RuleInput, isEgress: boolean): SecurityGroupRule[] {
  const flat =
    input.IpProtocol === undefined
      ? []
      : [
          {
            IpProtocol: input.IpProtocol,
            FromPort: input.FromPort,
            ToPort: input.ToPort,
            Groups: [],
            IpRanges: [{ CidrIp: input.CidrIp, Description: undefined }],
            Ipv6Ranges: [],
            PrefixListIds: [],
          },
        ];
  const permissions = [...input.IpPermissions, ...flat];
  if (permissions.length === 0) throw missingParameter('ipPermissions');
  return permissions.flatMap((permission) => {
    const base = {
      isEgress,
      protocol: checkProtocol(permission.IpProtocol),
      ...(permission.FromPort === undefined ? {} : { fromPort: permission.FromPort }),
      ...(permission.ToPort === undefined ? {} : { toPort: permission.ToPort }),
    };
    const rule = (
      target: Partial<SecurityGroupRule>,
      description: string | undefined,
    ): SecurityGroupRule => ({
      id: newId(call.cloud, 'sgr'),
      ...base,
      ...target,
      ...(description === undefined ? {} : { description }),
    });
    return [
      ...permission.IpRanges.map((range) =>
        rule(
          { cidrIpv4: checkCidr(range.CidrIp, /^\d{1,3}(?:\.\d{1,3}){3}\/\d{1,2}$/) },
          range.Description,
        ),
      ),
      ...permission.Ipv6Ranges.map((range) =>
        rule(
          { cidrIpv6: checkCidr(range.CidrIpv6, /^[0-9a-fA-F:.]+\/\d{1,3}$/) },
          range.Description,
        ),
      ),
      ...permission.Groups.map((group) =>
        rule({ groupId: group.GroupId ?? '' }, group.Description),
      ),
      ...permission.PrefixListIds.map((prefixes) =>
        rule({ prefixListId: prefixes.PrefixListId ?? '' }, prefixes.Description),
      ),
    ];
  });
}

function checkProtocol(protocol: string | undefined): string {
  if (protocol === undefined) throw missingParameter('ipProtocol');
  if (/^(?:-1|tcp|udp|icmp|icmpv6|\d{1,3})$/.test(protocol)) return protocol;
  throw new CloudError('InvalidPermission.Malformed', `Unsupported IP protocol "${protocol}"`);
}

function checkCidr(cidr: string | undefined, form: RegExp): string {
  if (cidr !== undefined && form.test(cidr)) return cidr;
  throw new CloudError('InvalidParameterValue', `CIDR block ${cidr ?? ''} is malformed`);
}

export function sameRule(one: SecurityGroupRule, other: SecurityGroupRule): boolean {
  const key = (rule: SecurityGroupRule): string =>
    JSON.stringify([
      rule.isEgress,
      rule.protocol,
      rule.fromPort,
      rule.toPort,
      rule.cidrIpv4,
      rule.cidrIpv6,
      rule.groupId,
      rule.prefixListId,
    ]);
  return key(one) === key(other);
}

/** IpPermissions of the API: rules of the same protocol and ports are one. */
export function permissionsXml(
  call: Call,
  rules: readonly SecurityGroupRule[],
  isEgress: boolean,
): XmlFields[] {
  const groups = new Map<string, SecurityGroupRule[]>();
  for (const rule of rules) {
    if (rule.isEgress !== isEgress) continue;
    const key = JSON.stringify([rule.protocol, rule.fromPort, rule.toPort]);
    groups.set(key, [...(groups.get(key) ?? []), rule]);
  }
  return [...groups.values()].map((same) => ({
    ipProtocol: same[0]?.protocol,
    fromPort: same[0]?.fromPort,
    toPort: same[0]?.toPort,
    groups: same.flatMap(({ groupId, description }) =>
      groupId === undefined ? [] : [{ userId: call.cloud.accountId, groupId, description }],
    ),
    ipRanges: same.flatMap(({ cidrIpv4, description }) =>
      cidrIpv4 === undefined ? [] : [{ cidrIp: cidrIpv4, description }],
    ),
    ipv6Ranges: same.flatMap(({ cidrIpv6, description }) =>
      cidrIpv6 === undefined ? [] : [{ cidrIpv6, description }],
    ),
    prefixListIds: same.flatMap(({ prefixListId, description }) =>
      prefixListId === undefined ? [] : [{ prefixListId, description }],
    ),
  }));
}

/** A SecurityGroupRule of the API. */
export function ruleXml(
  call: Call,
  group: SecurityGroupRecord,
  rule: SecurityGroupRule,
): XmlFields {
  return {
    securityGroupRuleId: rule.id,
    groupId: group.id,
    groupOwnerId: call.cloud.accountId,
    isEgress: rule.isEgress,
    ipProtocol: rule.protocol,
    fromPort: rule.fromPort ?? -1,
    toPort: rule.toPort ?? -1,
    cidrIpv4: rule.cidrIpv4,
    cidrIpv6: rule.cidrIpv6,
    prefixListId: rule.prefixListId,
    referencedGroupInfo:
      rule.groupId === undefined
        ? undefined
        : { groupId: rule.groupId, userId: call.cloud.accountId },
    description: rule.description,
  };
}
