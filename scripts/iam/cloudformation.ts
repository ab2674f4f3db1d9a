/** ops/iam/fedimg.cloudformation.yaml, from the policies. */

import type { Policy } from './policies.js';
import { attribute, ref, substitute, writeYaml } from './yaml.js';

/** What stands for a placeholder in CloudFormation. */
const PLACEHOLDERS: Readonly<Record<string, string>> = {
  partition: '${AWS::Partition}',
  account: '${AWS::AccountId}',
  deployment: '${Deployment}',
};

/** Parameters that are lists of ARNs, in the place of a whole Resource. */
const LISTS: Readonly<Record<string, string>> = {
  kms_keys: 'KmsKeyArns',
  ami_parameters: 'AmiParameterArns',
};

function documentOf(value: unknown): unknown {
  if (typeof value === 'string') {
    const list = /^\$\{(\w+)\}$/.exec(value)?.[1];
    if (list !== undefined && LISTS[list] !== undefined) return ref(LISTS[list]);
    if (!value.includes('${')) return value;
    return substitute(value.replace(/\$\{(\w+)\}/g, (_, name: string) => PLACEHOLDERS[name] ?? ''));
  }
  if (Array.isArray(value)) return value.map(documentOf);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, documentOf(one)]));
}

const trust = (principal: Readonly<Record<string, unknown>>): unknown => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole' }],
});

const ec2 = substitute('ec2.${AWS::URLSuffix}');
const isIt = (parameter: string, value: string): unknown => ({
  'Fn::Equals': [ref(parameter), value],
});
const isNot = (parameter: string, value: string): unknown => ({
  'Fn::Not': [isIt(parameter, value)],
});

/** The template before it is written: a function is a `Tagged` value or an object with one `Fn::` key. */
export interface Template {
  readonly Parameters: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly Conditions: Readonly<Record<string, unknown>>;
  readonly Resources: Readonly<Record<string, unknown>>;
  readonly Outputs: Readonly<Record<string, unknown>>;
}

export function cloudFormation(policies: ReadonlyMap<string, Policy>): string {
  const text = writeYaml(templateOf(policies)).trimStart();
  return `# Written by scripts/write-iam.ts from ops/iam/policies. Change those, and run: npx tsx scripts/write-iam.ts\n${text}`;
}

export function templateOf(policies: ReadonlyMap<string, Policy>): Template {
  const of = (name: string): unknown => documentOf(policies.get(name));
  const tags = [{ Key: 'fedimg:deployment', Value: ref('Deployment') }];
  const feature = (name: string, description: string, condition?: string): unknown => ({
    Type: 'AWS::IAM::ManagedPolicy',
    ...(condition === undefined ? {} : { Condition: condition }),
    Properties: {
      ManagedPolicyName: substitute(`\${Deployment}-${name}`),
      Description: description,
      Roles: [ref('WorkerRole')],
      PolicyDocument: of(name),
    },
  });
  const instanceRole = (name: string, condition?: string): unknown => ({
    Type: 'AWS::IAM::Role',
    ...(condition === undefined ? {} : { Condition: condition }),
    Properties: {
      RoleName: substitute(`\${Deployment}-${name}`),
      Description: `The ${name} instance of fedimg: the SSM agent and nothing else`,
      AssumeRolePolicyDocument: trust({ Service: ec2 }),
      Policies: [{ PolicyName: 'ssm-agent', PolicyDocument: of('instance') }],
      Tags: tags,
    },
  });
  const profile = (name: string, role: string, condition?: string): unknown => ({
    Type: 'AWS::IAM::InstanceProfile',
    ...(condition === undefined ? {} : { Condition: condition }),
    Properties: { InstanceProfileName: substitute(`\${Deployment}-${name}`), Roles: [ref(role)] },
  });
  return {
    ...{
      AWSTemplateFormatVersion: '2010-09-09',
      Description:
        'The roles, instance profiles and security group of fedimg. Its policies are those of ops/iam/policies.',
    },
    Parameters: {
      Deployment: {
        Type: 'String',
        Default: 'fedimg',
        AllowedPattern: '[a-z0-9][a-z0-9-]{0,31}',
        Description: 'deployment of fedimg.toml. The worker may change only what has it as a tag.',
      },
      WorkerService: {
        Type: 'String',
        Default: 'ec2.amazonaws.com',
        AllowedValues: ['ec2.amazonaws.com', 'ec2.amazonaws.com.cn', 'ecs-tasks.amazonaws.com'],
        Description: 'Where the worker runs: the service that assumes its role.',
      },
      WorkerPrincipalArns: {
        Type: 'CommaDelimitedList',
        Default: '',
        Description:
          "Users and roles that may assume the worker's role, too, such as those of a worker outside of AWS. Empty: none.",
      },
      TestTransport: {
        Type: 'String',
        Default: 'ssm',
        AllowedValues: ['ssm', 'console'],
        Description: 'test.transport of fedimg.toml. With console the test instance has no role.',
      },
      ReadQuotas: {
        Type: 'String',
        Default: 'true',
        AllowedValues: ['true', 'false'],
        Description:
          'Whether the worker may read the quota of public AMIs. Without it, it assumes 5.',
      },
      EbsDirect: {
        Type: 'String',
        Default: 'false',
        AllowedValues: ['true', 'false'],
        Description: 'Whether images are written through the EBS direct APIs.',
      },
      KmsKeyArns: {
        Type: 'CommaDelimitedList',
        Default: '',
        Description: 'KMS keys of encrypted AMIs, in every region. Empty: none.',
      },
      AmiParameterArns: {
        Type: 'CommaDelimitedList',
        Default: '',
        Description:
          'SSM parameters of your own that the AMI list names (resolve:ssm:NAME). Empty: none.',
      },
      VpcId: {
        Type: 'AWS::EC2::VPC::Id',
        Description: 'The VPC of the instances.',
      },
    },
    Conditions: {
      WorkerIsInstance: isNot('WorkerService', 'ecs-tasks.amazonaws.com'),
      WithWorkerPrincipals: { 'Fn::Not': [{ 'Fn::Equals': [joined('WorkerPrincipalArns'), ''] }] },
      TestOverSsm: isIt('TestTransport', 'ssm'),
      WithQuotas: isIt('ReadQuotas', 'true'),
      WithEbsDirect: isIt('EbsDirect', 'true'),
      WithEncryption: { 'Fn::Not': [{ 'Fn::Equals': [joined('KmsKeyArns'), ''] }] },
      WithAmiParameters: { 'Fn::Not': [{ 'Fn::Equals': [joined('AmiParameterArns'), ''] }] },
    },
    Resources: {
      WorkerRole: {
        Type: 'AWS::IAM::Role',
        Properties: {
          RoleName: substitute('${Deployment}-worker'),
          Description: 'The worker of fedimg',
          AssumeRolePolicyDocument: trust({
            Service: ref('WorkerService'),
            AWS: {
              'Fn::If': ['WithWorkerPrincipals', ref('WorkerPrincipalArns'), ref('AWS::NoValue')],
            },
          }),
          Tags: tags,
        },
      },
      ReadPolicy: feature('read', 'Looks at the resources of EC2 and SSM'),
      WorkerPolicy: feature('worker', 'Publishes images; changes only what has the tags of fedimg'),
      QuotasPolicy: feature('quotas', 'Reads the quotas of public AMIs and vCPUs', 'WithQuotas'),
      AmiParameterPolicy: feature(
        'ami-parameter',
        'Reads the SSM parameters that name utility images',
        'WithAmiParameters',
      ),
      EncryptionPolicy: feature('encryption', 'Uses the keys of encrypted AMIs', 'WithEncryption'),
      EbsDirectPolicy: feature(
        'ebs-direct',
        'Writes snapshots without an instance',
        'WithEbsDirect',
      ),
      WorkerInstanceProfile: profile('worker', 'WorkerRole', 'WorkerIsInstance'),
      UtilityRole: instanceRole('utility'),
      UtilityInstanceProfile: profile('utility', 'UtilityRole'),
      TestRole: instanceRole('test', 'TestOverSsm'),
      TestInstanceProfile: profile('test', 'TestRole', 'TestOverSsm'),
      SecurityGroup: {
        Type: 'AWS::EC2::SecurityGroup',
        Properties: {
          GroupName: substitute('${Deployment}-instances'),
          GroupDescription: 'Instances of fedimg: no way in, HTTPS and HTTP out',
          VpcId: ref('VpcId'),
          SecurityGroupEgress: [443, 80].map((port) => ({
            IpProtocol: 'tcp',
            FromPort: port,
            ToPort: port,
            CidrIp: '0.0.0.0/0',
            Description: port === 443 ? 'SSM and image servers' : 'Image servers without TLS',
          })),
          Tags: tags,
        },
      },
    },
    Outputs: {
      WorkerRoleArn: { Value: attribute('WorkerRole.Arn') },
      UtilityInstanceProfile: {
        Description: 'utility.instance_profile of fedimg.toml',
        Value: ref('UtilityInstanceProfile'),
      },
      TestInstanceProfile: {
        Description: 'test.instance_profile of fedimg.toml',
        Condition: 'TestOverSsm',
        Value: ref('TestInstanceProfile'),
      },
      SecurityGroup: {
        Description: 'utility.security_group and test.security_group of fedimg.toml',
        Value: attribute('SecurityGroup.GroupId'),
      },
    },
  };
}

function joined(parameter: string): unknown {
  return { 'Fn::Join': ['', ref(parameter)] };
}
