/** What checkov says about ops/iam: `npx mocha test/policies/checkov.long.test.ts`. Its installation takes minutes. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { execa } from 'execa';
import { IAM_FOLDER } from '../../scripts/iam/policies.js';
import { pythonTools } from '../support/python-tools.js';

interface Report {
  readonly results: {
    readonly failed_checks: readonly { readonly check_id: string; readonly resource: string }[];
  };
}

/**
 * Service authorization reference, SSM and Message Gateway: the actions of the SSM agent take no resource. EC2 attaches
 * the group when fedimg launches an instance.
 */
const EXPECTED = [
  'CKV2_AWS_5 aws_security_group.instances',
  'CKV_AWS_111 AWS::IAM::Role.TestRole',
  'CKV_AWS_111 AWS::IAM::Role.UtilityRole',
  'CKV_AWS_290 aws_iam_role_policy.instance["test"]',
  'CKV_AWS_290 aws_iam_role_policy.instance["utility"]',
  'CKV_AWS_355 aws_iam_role_policy.instance["test"]',
  'CKV_AWS_355 aws_iam_role_policy.instance["utility"]',
];

describe('checkov on ops/iam', function () {
  this.timeout(900_000);

  it('finds no more than the actions of the SSM agent, which take no resource', async () => {
    const bin = await pythonTools({ name: 'checkov-1', requirements: ['checkov'] });
    const options = ['--output', 'json', '--soft-fail', '--quiet', '--skip-download'];
    const { stdout } = await execa(join(bin, 'checkov'), ['--directory', IAM_FOLDER, ...options]);
    const reports = JSON.parse(stdout) as Report[];
    const failed = reports.flatMap(({ results }) =>
      results.failed_checks.map(({ check_id: id, resource }) => `${id} ${resource}`),
    );
    assert.deepEqual(failed.sort(), EXPECTED);
  });
});
