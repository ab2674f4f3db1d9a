/** Security groups and their rules. The rules are kept and shown; they filter no packets. */

import { findSecurityGroup } from '../lib/lookup.js';
import { arnOf } from '../../partition.js';
import { CloudError, invalidCombination, missingParameter } from '../../errors.js';
import { ignored, integer, list, required, text } from '../../input.js';
import type { SecurityGroupRecord } from '../../store/state.js';
import type { XmlFields } from '../../http/xml.js';
import type { ActionTable, Call } from '../lib/action.js';
import { action } from '../lib/action.js';
import { applyFilters, filterInput } from '../lib/filters.js';
import type { FilterFields } from '../lib/filters.js';
import { isListed } from '../lib/lookup.js';
import { defaultVpcId } from '../lib/network-defaults.js';
import { newId, newResource } from '../lib/new-resource.js';
import { paginate } from '../lib/pagination.js';
import {
  permissionsInput,
  permissionsXml,
  readRules,
  ruleXml,
  sameRule,
} from '../lib/security-group-rules.js';
import { readTagSpecifications, tagSet, tagSpecificationInput } from '../lib/tag-input.js';

const ruleInput = {
  GroupId: text,
  GroupName: text,
  IpPermissions: permissionsInput,
  IpProtocol: text,
  FromPort: integer,
  ToPort: integer,
  CidrIp: text,
  SourceSecurityGroupName: text,
  SourceSecurityGroupOwnerId: text,
  TagSpecification: ignored,
};
const revokeInput = { ...ruleInput, SecurityGroupRuleId: list(text) };

export const securityGroupActions: ActionTable = {
  DescribeSecurityGroups: action(
    {
      GroupId: list(text),
      GroupName: list(text),
      Filter: filterInput,
      MaxResults: integer,
      NextToken: text,
    },
    (call, input) => {
      const { cloud } = call;
      const now = cloud.clock.now();
      const all = [...cloud.securityGroups.inRegion(call.region)].filter((one) =>
        isListed(one, now),
      );
      const wanted = [
        ...input.GroupId.map((id) => findSecurityGroup(call, id)),
        ...input.GroupName.map((name) => findByName(all, name)),
      ];
      const candidates = wanted.length > 0 ? [...new Set(wanted)] : all;
      const page = paginate(applyFilters(candidates, input.Filter, groupFilters(call)), {
        maxResults: input.MaxResults,
        nextToken: input.NextToken,
        range: [5, 1000],
      });
      return {
        securityGroupInfo: page.items.map((group) => groupXml(call, group)),
        nextToken: page.nextToken,
      };
    },
  ),

  CreateSecurityGroup: action(
    {
      GroupName: required(text),
      GroupDescription: required(text),
      VpcId: text,
      TagSpecification: tagSpecificationInput,
    },
    (call, input) => {
      const tags = readTagSpecifications(input.TagSpecification, ['security-group']);
      const vpcId = input.VpcId ?? defaultVpcId(call.region);
      checkNew(call, input.GroupName, vpcId);
      const group: SecurityGroupRecord = {
        ...newResource(call, 'sg', { ...tags.get('security-group') }),
        name: input.GroupName,
        description: input.GroupDescription,
        vpcId,
        // VPC user guide, "Security group rules": a new group lets everything out.
        rules: [
          { id: newId(call.cloud, 'sgr'), isEgress: true, protocol: '-1', cidrIpv4: '0.0.0.0/0' },
        ],
      };
      call.cloud.securityGroups.put(group);
      return {
        groupId: group.id,
        tagSet: tagSet(group.tags),
        securityGroupArn: arn(call, group),
        return: true,
      };
    },
  ),

  DeleteSecurityGroup: action({ GroupId: text, GroupName: text }, (call, input) => {
    const group = namedGroup(call, input.GroupId, input.GroupName);
    if (group.name === 'default') {
      throw new CloudError(
        'CannotDelete',
        `the specified group: "${group.id}" name: "default" cannot be deleted by a user`,
      );
    }
    for (const instance of call.cloud.instances.inRegion(call.region)) {
      if (instance.state !== 'terminated' && instance.securityGroupIds.includes(group.id)) {
        throw new CloudError('DependencyViolation', `resource ${group.id} has a dependent object`);
      }
    }
    call.cloud.securityGroups.delete(group);
    return { return: true, groupId: group.id };
  }),

  AuthorizeSecurityGroupIngress: action(ruleInput, (call, input) => authorize(call, input, false)),
  AuthorizeSecurityGroupEgress: action(ruleInput, (call, input) => authorize(call, input, true)),
  RevokeSecurityGroupIngress: action(revokeInput, (call, input) => revoke(call, input, false)),
  RevokeSecurityGroupEgress: action(revokeInput, (call, input) => revoke(call, input, true)),
};

type RuleRequest = Parameters<typeof readRules>[1] & {
  readonly GroupId: string | undefined;
  readonly GroupName: string | undefined;
};

function authorize(call: Call, input: RuleRequest, isEgress: boolean): XmlFields {
  const group = namedGroup(call, input.GroupId, input.GroupName);
  const added = readRules(call, input, isEgress);
  for (const rule of added) {
    if (group.rules.some((present) => sameRule(present, rule))) {
      throw new CloudError('InvalidPermission.Duplicate', 'the specified rule already exists');
    }
  }
  group.rules = [...group.rules, ...added];
  call.cloud.securityGroups.put(group);
  return { return: true, securityGroupRuleSet: added.map((rule) => ruleXml(call, group, rule)) };
}

function revoke(
  call: Call,
  input: RuleRequest & { readonly SecurityGroupRuleId: readonly string[] },
  isEgress: boolean,
): XmlFields {
  const group = namedGroup(call, input.GroupId, input.GroupName);
  const byId = input.SecurityGroupRuleId.map((id) => {
    const rule = group.rules.find((present) => present.id === id && present.isEgress === isEgress);
    if (rule !== undefined) return rule;
    throw new CloudError(
      'InvalidSecurityGroupRuleId.NotFound',
      `The specified rule ID '${id}' does not exist`,
    );
  });
  const wanted = byId.length > 0 ? byId : readRules(call, input, isEgress);
  const removed = group.rules.filter((rule) => wanted.some((one) => sameRule(one, rule)));
  if (removed.length < wanted.length) {
    throw new CloudError(
      'InvalidPermission.NotFound',
      'The specified rule does not exist in this security group.',
    );
  }
  group.rules = group.rules.filter((rule) => !removed.includes(rule));
  call.cloud.securityGroups.put(group);
  return {
    return: true,
    revokedSecurityGroupRuleSet: removed.map((rule) => ruleXml(call, group, rule)),
  };
}

function findByName(groups: readonly SecurityGroupRecord[], name: string): SecurityGroupRecord {
  const group = groups.find((candidate) => candidate.name === name);
  if (group !== undefined) return group;
  throw new CloudError(
    'InvalidGroup.NotFound',
    `The security group '${name}' does not exist in default VPC`,
  );
}

function namedGroup(
  call: Call,
  id: string | undefined,
  name: string | undefined,
): SecurityGroupRecord {
  if (id !== undefined) return findSecurityGroup(call, id);
  if (name === undefined) throw missingParameter('groupName or groupId');
  return findByName([...call.cloud.securityGroups.inRegion(call.region)], name);
}

function checkNew(call: Call, name: string, vpcId: string): void {
  if (vpcId !== defaultVpcId(call.region)) {
    throw new CloudError('InvalidVpcID.NotFound', `The vpc ID '${vpcId}' does not exist`);
  }
  if (name === 'default') {
    throw new CloudError('InvalidGroup.Reserved', "The name 'default' is reserved.");
  }
  if (name.length > 255 || /^sg-/.test(name)) {
    throw invalidCombination(`Invalid security group name: ${name}`);
  }
  for (const group of call.cloud.securityGroups.inRegion(call.region)) {
    if (group.name === name) {
      throw new CloudError(
        'InvalidGroup.Duplicate',
        `The security group '${name}' already exists for VPC '${vpcId}'`,
      );
    }
  }
}

function arn(call: Call, group: SecurityGroupRecord): string {
  return arnOf('ec2', {
    region: call.region,
    account: call.cloud.accountId,
    resource: `security-group/${group.id}`,
  });
}

function groupXml(call: Call, group: SecurityGroupRecord): XmlFields {
  return {
    ownerId: call.cloud.accountId,
    groupId: group.id,
    groupName: group.name,
    groupDescription: group.description,
    vpcId: group.vpcId,
    ipPermissions: permissionsXml(call, group.rules, false),
    ipPermissionsEgress: permissionsXml(call, group.rules, true),
    tagSet: tagSet(group.tags),
    securityGroupArn: arn(call, group),
  };
}

/** EC2 API reference, DescribeSecurityGroups: Filters. */
function groupFilters(call: Call): FilterFields<SecurityGroupRecord> {
  const cidrs = (isEgress: boolean) => (group: SecurityGroupRecord) =>
    group.rules.filter((rule) => rule.isEgress === isEgress).map((rule) => rule.cidrIpv4);
  const protocols = (isEgress: boolean) => (group: SecurityGroupRecord) =>
    group.rules.filter((rule) => rule.isEgress === isEgress).map((rule) => rule.protocol);
  return {
    description: ({ description }) => description,
    'egress.ip-permission.cidr': cidrs(true),
    'egress.ip-permission.protocol': protocols(true),
    'group-id': ({ id }) => id,
    'group-name': ({ name }) => name,
    'ip-permission.cidr': cidrs(false),
    'ip-permission.protocol': protocols(false),
    'owner-id': () => call.cloud.accountId,
    'vpc-id': ({ vpcId }) => vpcId,
  };
}
