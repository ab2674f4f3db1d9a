/** Puts one question to the policies of a caller. */

import type * as IamSimulate from '@cloud-copilot/iam-simulate';
import type { Caller } from './iam-book.js';
import type { Authorization, Verdict } from './decision.js';
import { iamSimulate } from './library.js';
import type { PolicyDocument } from './setup.js';

/** Stands for a resource that the call makes. The evaluator would read `*` as a pattern. */
const newResource = 'new';

export interface Question {
  readonly caller: Pick<Caller, 'arn' | 'policies'>;
  readonly accountId: string;
  readonly authorization: Authorization;
  /** The trust policy, where the resource is a role. */
  readonly resourcePolicy?: PolicyDocument;
}

/** IAM user guide, "Policy evaluation logic". The policies must be valid: `policyErrors` finds what is wrong with them. */
export async function evaluate(question: Question): Promise<Verdict> {
  const { caller, accountId, authorization, resourcePolicy } = question;
  const { runSimulation, runUnsafeSimulation } = await iamSimulate();
  const { action, resource, context } = authorization;
  const contextVariables = Object.fromEntries(
    Object.entries(context).map(([key, value]) => [
      key,
      typeof value === 'string' ? value : [...value],
    ]),
  );
  const simulation = {
    request: {
      principal: caller.arn,
      action,
      resource: { resource: resource.replace(/(?<=.)\*$/, newResource), accountId },
      contextVariables,
    },
    identityPolicies: [...caller.policies].map(([name, policy]) => ({ name, policy })),
    serviceControlPolicies: [],
    resourceControlPolicies: [],
    ...(resourcePolicy === undefined ? {} : { resourcePolicy }),
  };
  // It refuses ARNs that the reference does not have, such as those of AWS's own documents, which have no account.
  if (resource !== '*' && resourcePolicy === undefined)
    return verdictOf(runUnsafeSimulation(simulation, {}));
  // It knows that a statement on some resources does not allow an action without resources.
  const answer = await runSimulation(simulation, {});
  if (answer.resultType !== 'error') return verdictOf(answer.overallResult);
  throw new Error(`${action} on ${resource}: ${JSON.stringify(answer.errors)}`);
}

function verdictOf(result: IamSimulate.EvaluationResult): Verdict {
  if (result === 'Allowed') return 'allowed';
  return result === 'ExplicitlyDenied' ? 'explicit-deny' : 'implicit-deny';
}

/** The errors of policies that IAM would not accept, by their names. */
export async function policyErrors(
  policies: Readonly<Record<string, PolicyDocument>>,
): Promise<string[]> {
  const { runSimulation } = await iamSimulate();
  const answer = await runSimulation(
    {
      request: {
        principal: 'arn:aws:iam::111122223333:user/checked',
        action: 'ec2:DescribeImages',
        resource: { resource: '*', accountId: '111122223333' },
        contextVariables: {},
      },
      identityPolicies: Object.entries(policies).map(([name, policy]) => ({ name, policy })),
      serviceControlPolicies: [],
      resourceControlPolicies: [],
    },
    {},
  );
  if (answer.resultType !== 'error') return [];
  const found = answer.errors.identityPolicyErrors ?? {};
  return Object.entries(found).flatMap(([name, errors]) =>
    errors.map((error) => `${name}: ${error.message} (${error.path})`),
  );
}
