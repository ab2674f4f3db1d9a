/**
 * Stands for CloudFormation while the AWS CLI deploys ops/iam: takes its change set, and makes the roles, profiles and
 * the security group of the template in the local cloud. Errors as in the CloudFormation API reference.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { CreateSecurityGroupCommand, EC2Client } from '@aws-sdk/client-ec2';
import type { Template } from '../../scripts/iam/cloudformation.js';
import { cloudFormation, templateOf } from '../../scripts/iam/cloudformation.js';
import { readPolicies } from '../../scripts/iam/policies.js';
import { Tagged } from '../../scripts/iam/yaml.js';
import type { IamSetupInput, Simulator } from '../../src/simulator/index.js';

const ACCOUNT = '111122223333';
const REGION = 'us-east-1';
const DOCUMENT_PARAMETERS: Readonly<Record<string, string>> = {
  'AWS::Partition': 'aws',
  'AWS::AccountId': ACCOUNT,
  'AWS::URLSuffix': 'amazonaws.com',
  'AWS::Region': REGION,
};

interface Resource {
  readonly Type: string;
  readonly Condition?: string;
  readonly Properties: Readonly<Record<string, unknown>>;
}

interface StandInOptions {
  readonly simulator: Simulator;
  /** They keep their policies beside the roles of the stack. */
  readonly users: IamSetupInput['users'];
}

export interface StandIn {
  readonly url: string;
  /** Names of the stacks that were made. */
  readonly stacks: readonly string[];
  close(): Promise<void>;
}

/** A refusal in the words of CloudFormation. */
class Refused extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export async function startCloudFormation(options: StandInOptions): Promise<StandIn> {
  const waiting = new Map<string, URLSearchParams>();
  const stacks = new Map<string, Readonly<Record<string, string>>>();

  async function answer(asked: URLSearchParams): Promise<string> {
    const stack = (asked.get('StackName') ?? '').replace(/^.*:stack\/([^/]+).*$/, '$1');
    switch (asked.get('Action')) {
      case 'DescribeStacks': {
        const outputs = stacks.get(stack);
        if (outputs !== undefined) return stackXml(stack, outputs);
        throw new Refused('ValidationError', `Stack with id ${stack} does not exist`);
      }
      case 'CreateChangeSet':
        await checkChangeSet(asked);
        waiting.set(stack, asked);
        return `<Id>arn:aws:cloudformation:${REGION}:${ACCOUNT}:changeSet/one/1</Id><StackId>${stackArn(stack)}</StackId>`;
      case 'DescribeChangeSet':
        return '<Status>CREATE_COMPLETE</Status><ExecutionStatus>AVAILABLE</ExecutionStatus>';
      case 'ExecuteChangeSet': {
        const changes = waiting.get(stack);
        assert(changes, 'no changes');
        stacks.set(stack, await make(options, parametersOf(changes)));
        return '';
      }
      default:
        throw new Refused('InvalidAction', `${asked.get('Action')} is not served here`);
    }
  }

  async function exchange(message: IncomingMessage): Promise<{ status: number; body: string }> {
    const asked = new URLSearchParams(await textOf(message));
    const action = asked.get('Action') ?? '';
    try {
      const result = await answer(asked);
      const namespace = 'http://cloudformation.amazonaws.com/doc/2010-05-15/';
      const body = `<${action}Response xmlns="${namespace}"><${action}Result>${result}</${action}Result></${action}Response>`;
      return { status: 200, body };
    } catch (error) {
      const code = error instanceof Refused ? error.code : 'InternalFailure';
      const body = `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${escaped(String(error))}</Message></Error></ErrorResponse>`;
      return { status: 400, body };
    }
  }

  const server = createServer((message, response) => {
    void exchange(message).then(({ status, body }) => {
      response.writeHead(status, { 'content-type': 'text/xml' }).end(body);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get stacks() {
      return [...stacks.keys()];
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** The template that was sent must be the shipped one, which `policies/templates.test.ts` compares with its source. */
async function checkChangeSet(asked: URLSearchParams): Promise<void> {
  const shipped = cloudFormation(await readPolicies());
  if (asked.get('TemplateBody')?.trim() !== shipped.trim()) {
    throw new Refused('ValidationError', 'the template is not ops/iam/fedimg.cloudformation.yaml');
  }
  // CloudFormation user guide, "Acknowledging IAM resources": roles with names of their own.
  if (asked.get('Capabilities.member.1') !== 'CAPABILITY_NAMED_IAM') {
    throw new Refused(
      'InsufficientCapabilitiesException',
      'Requires capabilities : [CAPABILITY_NAMED_IAM]',
    );
  }
  const { Parameters } = templateOf(await readPolicies());
  for (const name of Object.keys(parametersOf(asked))) {
    if (Parameters[name] === undefined) {
      throw new Refused('ValidationError', `Parameters: [${name}] do not exist in the template`);
    }
  }
}

function parametersOf(asked: URLSearchParams): Record<string, string> {
  const given: Record<string, string> = {};
  for (let at = 1; asked.has(`Parameters.member.${at}.ParameterKey`); at += 1) {
    const key = asked.get(`Parameters.member.${at}.ParameterKey`) ?? '';
    given[key] = asked.get(`Parameters.member.${at}.ParameterValue`) ?? '';
  }
  return given;
}

/** Makes what the template has in the local cloud; the outputs. */
async function make(
  { simulator, users }: StandInOptions,
  given: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const template = templateOf(await readPolicies());
  const group = await makeGroup(simulator);
  const resolve = resolver(template, given, group);
  const made = Object.values(template.Resources).flatMap((value) => {
    const { Type, Condition, Properties } = value as Resource;
    if (Condition !== undefined && resolve.condition(Condition) !== true) return [];
    return [{ type: Type, properties: resolve.value(Properties) as Record<string, unknown> }];
  });
  const ofType = (type: string) =>
    made.filter((one) => one.type === type).map(({ properties }) => properties);
  const roles = ofType('AWS::IAM::Role').map((role) => ({
    name: role['RoleName'],
    trust: role['AssumeRolePolicyDocument'],
    policies: Object.fromEntries([
      ...((role['Policies'] ?? []) as Record<string, unknown>[]).map((one) => [
        one['PolicyName'],
        one['PolicyDocument'],
      ]),
      ...ofType('AWS::IAM::ManagedPolicy')
        .filter(({ Roles }) => (Roles as unknown[]).includes(role['RoleName']))
        .map((one) => [one['ManagedPolicyName'], one['PolicyDocument']]),
    ]) as unknown,
  }));
  const instanceProfiles = ofType('AWS::IAM::InstanceProfile').map((one) => ({
    name: one['InstanceProfileName'],
    role: (one['Roles'] as unknown[])[0],
  }));
  const { secretAccessKey: currentSecretAccessKey } = simulator.credentials;
  const answer = await fetch(`${simulator.url}/_fedimg/iam`, {
    method: 'PUT',
    body: JSON.stringify({ users, roles, instanceProfiles, currentSecretAccessKey }),
  });
  assert.equal(answer.status, 200, await answer.text());
  return Object.fromEntries(
    Object.entries(template.Outputs).flatMap(([name, output]) => {
      const { Value, Condition } = output as { Value: unknown; Condition?: string };
      if (Condition !== undefined && resolve.condition(Condition) !== true) return [];
      return [[name, String(resolve.value(Value))]];
    }),
  );
}

async function makeGroup({ url, credentials }: Simulator): Promise<string> {
  const client = new EC2Client({ region: REGION, endpoint: url, credentials });
  try {
    const input = { GroupName: 'fedimg-instances', Description: 'Instances of fedimg' };
    const { GroupId = '' } = await client.send(new CreateSecurityGroupCommand(input));
    return GroupId;
  } finally {
    client.destroy();
  }
}

/** CloudFormation user guide, "Intrinsic function reference", as far as the template uses them. */
function resolver(template: Template, given: Readonly<Record<string, string>>, group: string) {
  function parameter(name: string): unknown {
    const known = DOCUMENT_PARAMETERS[name];
    if (known !== undefined) return known;
    const declared = template.Parameters[name];
    if (declared !== undefined) {
      const text = given[name] ?? declared['Default'];
      if (text === undefined)
        throw new Refused('ValidationError', `Parameters: [${name}] must have values`);
      return declared['Type'] === 'CommaDelimitedList' ? (text as string).split(',') : text;
    }
    if (name === 'AWS::NoValue') return undefined;
    const { Type, Properties } = template.Resources[name] as Resource;
    if (Type === 'AWS::EC2::SecurityGroup') return group;
    return value(Properties[Type === 'AWS::IAM::Role' ? 'RoleName' : 'InstanceProfileName']);
  }
  function tagged({ tag, value: text }: Tagged): unknown {
    if (tag === '!Ref') return parameter(text);
    if (tag === '!Sub') {
      return text.replace(/\$\{([\w:]+)\}/g, (_, name: string) => String(parameter(name)));
    }
    if (text === 'SecurityGroup.GroupId') return group;
    return `arn:aws:iam::${ACCOUNT}:role/${String(parameter(text.replace(/\.Arn$/, '')))}`;
  }
  function value(one: unknown): unknown {
    if (one instanceof Tagged) return tagged(one);
    if (Array.isArray(one)) return one.map(value).filter((item) => item !== undefined);
    if (typeof one !== 'object' || one === null) return one;
    const [[name, argument] = ['', undefined]] = Object.entries(one) as [string, unknown][];
    const [first, second, third] = Array.isArray(argument) ? (argument as unknown[]) : [];
    switch (name) {
      case 'Fn::If':
        return value(condition(String(first)) === true ? second : third);
      case 'Fn::Equals':
        return value(first) === value(second);
      case 'Fn::Not':
        return value(first) === false;
      case 'Fn::Join':
        return (value(second) as unknown[]).join(String(first));
      default:
        return Object.fromEntries(
          Object.entries(one)
            .map(([key, below]) => [key, value(below)] as const)
            .filter(([, below]) => below !== undefined),
        );
    }
  }
  function condition(name: string): unknown {
    return value(template.Conditions[name]);
  }
  return { value, condition };
}

function stackArn(name: string): string {
  return `arn:aws:cloudformation:${REGION}:${ACCOUNT}:stack/${name}/1`;
}

function stackXml(name: string, outputs: Readonly<Record<string, string>>): string {
  const members = Object.entries(outputs).map(
    ([key, text]) =>
      `<member><OutputKey>${key}</OutputKey><OutputValue>${text}</OutputValue></member>`,
  );
  return `<Stacks><member><StackId>${stackArn(name)}</StackId><StackName>${name}</StackName><CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>CREATE_COMPLETE</StackStatus><Outputs>${members.join('')}</Outputs></member></Stacks>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
