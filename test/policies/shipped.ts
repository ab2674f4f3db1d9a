/** The policies of ops/iam as the installation under test has them, and its calls as questions to them. */

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Placeholders, Policy } from '../../scripts/iam/policies.js';
import { fillIn, readPolicies } from '../../scripts/iam/policies.js';
import type {
  Context,
  Decision,
  IamSetupInput,
  PolicyDocument,
} from '../../src/simulator/index.js';
import { DEPLOYMENT } from '../support/publisher-config.js';

export const ACCOUNT = '111122223333';

export const INSTALLATION: Placeholders = {
  partition: 'aws',
  account: ACCOUNT,
  deployment: DEPLOYMENT,
  kms_keys: [`arn:aws:kms:us-east-1:${ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab`],
  ami_parameters: [`arn:aws:ssm:us-east-1:${ACCOUNT}:parameter/images/utility`],
};

/** What a worker with the default configuration needs. */
export const DEFAULT_POLICIES = ['read', 'worker', 'quotas'] as const;

export async function installed(
  names: readonly string[] = DEFAULT_POLICIES,
): Promise<ReadonlyMap<string, Policy>> {
  const all = await readPolicies();
  return new Map(
    names.map((name) => {
      const policy = all.get(name);
      if (policy === undefined) throw new TypeError(`ops/iam/policies has no ${name}.json`);
      return [name, fillIn(policy, INSTALLATION)] as const;
    }),
  );
}

/** As the local cloud takes them. */
export function documents(policies: ReadonlyMap<string, Policy>): Record<string, PolicyDocument> {
  return Object.fromEntries(policies) as unknown as Record<string, PolicyDocument>;
}

export interface Installation {
  /** Of the worker. */
  readonly policies?: readonly string[];
  /** With `console` the templates make no role for the test instance. */
  readonly testTransport?: 'ssm' | 'console';
}

/** The worker under test has the key pair of the cloud's start; the roles are those of the templates. */
export async function iamOf({
  policies,
  testTransport = 'ssm',
}: Installation = {}): Promise<IamSetupInput> {
  const instance = documents(await installed(['instance']));
  const trust: PolicyDocument = {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 'ec2.amazonaws.com' },
        Action: 'sts:AssumeRole',
      },
    ],
  };
  const role = (name: string) => ({ name, trust, policies: instance });
  const instances = testTransport === 'ssm' ? ['utility', 'test'] : ['utility'];
  return {
    users: [{ name: 'worker', policies: documents(await installed(policies)) }],
    roles: instances.map((name) => role(`${DEPLOYMENT}-${name}`)),
    instanceProfiles: instances.map((name) => ({
      ...{ name: `fedimg-${name}`, role: `${DEPLOYMENT}-${name}` },
    })),
  };
}

/** A question without what differs from run to run: ids, regions, times. */
export interface Question {
  readonly action: string;
  readonly resource: string;
  readonly context: Context;
}

/** The keys that a policy of ours could name; the others describe a resource or the caller. */
const KEPT =
  /^(?:(?:aws:RequestTag|aws:ResourceTag|ssm:resourceTag)\/(?:managed-by|fedimg:deployment)$|aws:TagKeys$|ec2:CreateAction$|ec2:Owner$|iam:PassedToService$|servicequotas:service$)/;

export function questionOf({
  action,
  resource,
  context,
}: Omit<Decision, 'principal' | 'verdict'>): Question {
  return {
    action,
    resource: resource
      .replace(/:[a-z]{2}(?:-[a-z]+)+-\d:/, ':us-east-1:')
      .replace(/\/(i|vol|snap|ami|sg|subnet)-[0-9a-f]+$/, '/$1-0123456789abcdef0'),
    context: Object.fromEntries(
      Object.entries(context)
        .filter(([key]) => KEPT.test(key))
        .map(([key, value]) => [key, typeof value === 'string' ? value : [...value].sort()])
        .sort(([one], [other]) => ((one ?? '') < (other ?? '') ? -1 : 1)),
    ) as Context,
  };
}

/** Each question that was allowed, once, in a fixed order. */
export function questionsOf(decisions: readonly Decision[]): Question[] {
  const allowed = decisions.filter(({ verdict }) => verdict === 'allowed');
  const texts = new Set(allowed.map((decision) => JSON.stringify(questionOf(decision))));
  return [...texts].sort().map((text) => JSON.parse(text) as Question);
}

const RECORDED = fileURLToPath(new URL('recorded-questions.json', import.meta.url));

/** The situations of `ebs-direct.test.ts` and of a run; they need the feature's policy beside the default ones. */
export const EBS_DIRECT = 'EBS direct APIs';
export const DIRECT_WRITE = 'publish without a utility instance';

/** By situation: the questions of the runs of `publication.test.ts` and `ebs-direct.test.ts`. */
export type Recorded = Readonly<Record<string, readonly Question[]>>;

export async function readRecorded(): Promise<Recorded> {
  try {
    return JSON.parse(await readFile(RECORDED, 'utf8')) as Recorded;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}

/** `FEDIMG_RECORD=1` records; otherwise each question must be one that is recorded for some situation. */
export async function compareRecorded(
  situation: string,
  questions: readonly Question[],
): Promise<void> {
  if (process.env['FEDIMG_RECORD'] === '1') return writeRecorded(situation, questions);
  // Of all runs: which of them asks something can be a matter of time.
  const known = Object.values(await readRecorded()).flat();
  const recorded = new Set(known.map((one) => JSON.stringify(one)));
  const unknown = questions.filter((one) => !recorded.has(JSON.stringify(one)));
  assert.deepEqual(unknown, [], 'record them: FEDIMG_RECORD=1 npx mocha test/policies/*.test.ts');
}

async function writeRecorded(situation: string, questions: readonly Question[]) {
  const all = { ...(await readRecorded()), [situation]: questions };
  const sorted = Object.fromEntries(Object.entries(all).sort());
  await writeFile(RECORDED, `${JSON.stringify(sorted, undefined, 1)}\n`);
}
