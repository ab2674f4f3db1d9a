/** Each part of each shipped policy, and the question that has another answer without it. */

import type { Policy, Statement } from '../../scripts/iam/policies.js';
import { evaluate } from '../../src/simulator/index.js';
import type { Context, PolicyDocument, Verdict } from '../../src/simulator/index.js';
import { FEATURE_QUESTIONS } from './feature-questions.js';
import type { Question } from './shipped.js';
import { ACCOUNT, DEFAULT_POLICIES, installed, readRecorded } from './shipped.js';

export interface Part {
  readonly policy: string;
  readonly statement: string;
  /** Such as `action ec2:RunInstances` or `condition ec2:Owner`. */
  readonly part: string;
  /** Of the statement: questions about other actions do not depend on the part. */
  readonly actions: readonly string[];
  /** The policy without it. */
  readonly without: Policy;
  /** A condition is there to refuse, everything else to allow. */
  readonly isLimit: boolean;
  /** The condition key, where it is one. */
  readonly key?: string;
}

export interface Asked extends Question {
  /** Where the question comes from: a recorded run, or a feature. */
  readonly situation: string;
}

export interface Row extends Part {
  /** Undefined: no question depends on the part. */
  readonly shownBy: Asked | undefined;
}

const FEATURES = ['ami-parameter', 'encryption', 'ebs-direct'] as const;

/**
 * The policies of a principal, and those that are looked at: each feature beside the default, so that none hides what
 * another lacks.
 */
const PRINCIPALS: readonly (readonly [readonly string[], readonly string[]])[] = [
  [DEFAULT_POLICIES, DEFAULT_POLICIES],
  ...FEATURES.map((name) => [[...DEFAULT_POLICIES, name], [name]] as const),
  [['instance'], ['instance']],
];

export const WORKER_POLICIES: readonly string[] = [...DEFAULT_POLICIES, ...FEATURES];

export async function allQuestions(): Promise<Asked[]> {
  const recorded = Object.entries({ ...(await readRecorded()), ...FEATURE_QUESTIONS });
  return recorded.flatMap(([situation, questions]) =>
    questions.map((question) => ({ situation, ...question })),
  );
}

export function partsOf(policy: string, whole: Policy): Part[] {
  return whole.Statement.flatMap((statement, index) => {
    const part = (
      name: string,
      changed: Statement | undefined,
      limit: Pick<Part, 'isLimit' | 'key'> = { isLimit: false },
    ): Part => ({
      ...{ policy, statement: statement.Sid, part: name, actions: statement.Action, ...limit },
      without: {
        ...whole,
        Statement: whole.Statement.flatMap((one, at) => (at === index ? (changed ?? []) : [one])),
      },
    });
    return [
      ...smaller(statement.Action).map(([action, Action]) =>
        part(`action ${action}`, Action.length === 0 ? undefined : { ...statement, Action }),
      ),
      ...resourceParts(statement).map(([name, changed]) => part(name, changed)),
      ...conditionParts(statement).map(({ name, changed, key }) =>
        part(name, changed, key === undefined ? { isLimit: false } : { isLimit: true, key }),
      ),
    ];
  });
}

/** Each item with the list that lacks it. */
function smaller(items: readonly string[]): [string, string[]][] {
  return items.map((item) => [item, items.filter((one) => one !== item)]);
}

function resourceParts(statement: Statement): [string, Statement][] {
  const { Resource } = statement;
  if (typeof Resource === 'string' || Resource.length < 2) return [];
  return smaller(Resource).map(([name, rest]) => [
    `resource ${name}`,
    { ...statement, Resource: rest },
  ]);
}

interface ConditionPart {
  readonly name: string;
  readonly changed: Statement;
  /** Set where the whole key goes: the statement then allows more. */
  readonly key?: string;
}

function conditionParts(statement: Statement): ConditionPart[] {
  const { Condition = {} } = statement;
  return Object.entries(Condition).flatMap(([operator, keys]) =>
    Object.entries(keys).flatMap(([key, value]): ConditionPart[] => {
      const others = Object.fromEntries(Object.entries(keys).filter(([name]) => name !== key));
      const changed = (now: Statement['Condition']): Statement => ({
        ...statement,
        ...(now && { Condition: now }),
      });
      const withKeys = (now: Record<string, string | readonly string[]>) =>
        changed({ ...Condition, [operator]: now });
      const withoutKey =
        Object.keys(others).length > 0 ? withKeys(others) : withoutOperator(statement, operator);
      return [
        { name: `condition ${key}`, changed: withoutKey, key },
        ...(typeof value === 'string'
          ? []
          : smaller(value).map(([one, rest]) => ({
              name: `value ${one} of ${key}`,
              changed: withKeys({ ...others, [key]: rest }),
            }))),
      ];
    }),
  );
}

function withoutOperator(statement: Statement, operator: string): Statement {
  const { Condition = {}, ...others } = statement;
  const left = Object.entries(Condition).filter(([name]) => name !== operator);
  return left.length === 0 ? others : { ...others, Condition: Object.fromEntries(left) };
}

export async function policyTable(): Promise<Row[]> {
  const questions = await allQuestions();
  const rows: Row[] = [];
  for (const [principal, names] of PRINCIPALS) {
    const policies = await installed(principal);
    for (const name of names) {
      const whole = policies.get(name);
      if (whole === undefined) throw new TypeError(`${name} is not in the list`);
      for (const part of partsOf(name, whole)) {
        const without = new Map([...policies, [name, part.without]]);
        const changed = { whole: policies, without };
        rows.push({ ...part, shownBy: await shownBy(part, changed, questions) });
      }
    }
  }
  return rows;
}

type Policies = ReadonlyMap<string, Policy>;

/** For a limit: a question that violates it, is refused by the whole policy, and would be allowed without the limit. */
async function shownBy(
  { isLimit, key, actions }: Part,
  { whole, without }: { readonly whole: Policies; readonly without: Policies },
  questions: readonly Asked[],
): Promise<Asked | undefined> {
  for (const question of questions.filter(({ action }) => actions.includes(action))) {
    const asked = isLimit && key !== undefined ? violating(question, key) : question;
    if (asked === undefined) continue;
    // A limit refuses what is allowed without it; every other part allows what is refused without it.
    const isAllowed = (await verdict(whole, asked)) === 'allowed';
    if (isAllowed === isLimit) continue;
    if (((await verdict(without, asked)) === 'allowed') === isLimit) return asked;
  }
  return undefined;
}

/** The question with another value of the key: a foreign tag, another owner. */
function violating(question: Asked, key: string): Asked | undefined {
  const value = question.context[key];
  if (value === undefined) return undefined;
  const other: Context = { [key]: typeof value === 'string' ? 'somebody-else' : ['Owner'] };
  return { ...question, context: { ...question.context, ...other } };
}

/** KMS developer guide, "Default key policy": the policies of the account decide. Without it, they do not count for a key. */
const keyPolicy: PolicyDocument = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
      Action: 'kms:*',
      Resource: '*',
    },
  ],
};

export function verdict(
  policies: Policies,
  { action, resource, context }: Question,
): Promise<Verdict> {
  const caller = {
    arn: `arn:aws:iam::${ACCOUNT}:user/worker`,
    policies: policies as unknown as ReadonlyMap<string, PolicyDocument>,
  };
  const authorization = { action, resource, context };
  const question = { caller, accountId: ACCOUNT, authorization };
  return evaluate(
    action.startsWith('kms:') ? { ...question, resourcePolicy: keyPolicy } : question,
  );
}
