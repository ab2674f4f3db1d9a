/** `PUT /_fedimg/iam`: other users, roles and policies while the cloud runs. */

import { z } from 'zod';
import type { Cloud } from '../cloud.js';
import type { KeyRing } from '../credentials.js';
import { CloudError } from '../errors.js';
import { policyErrors } from './evaluate.js';
import { parseIamSetup, type IamSetup } from './setup.js';

const change = z.looseObject({
  /** Proves that the sender may run commands here: control requests have no signature. */
  currentSecretAccessKey: z.string(),
});

interface Account {
  readonly cloud: Cloud;
  readonly keys: KeyRing;
}

/** Throws CloudError, and leaves everything as it was, for a wrong secret and for policies that IAM would not accept. */
export async function changeIam({ cloud, keys }: Account, value: unknown): Promise<void> {
  const parsed = change.safeParse(value);
  if (!parsed.success) throw new CloudError('BadRequest', z.prettifyError(parsed.error));
  const { currentSecretAccessKey, ...given } = parsed.data;
  keys.prove(currentSecretAccessKey);
  const setup = parseIamSetup(given);
  await checkPolicies(setup);
  cloud.iam.replace(setup);
}

/** The setup of a start, in the form of `PUT /_fedimg/iam`. Throws CloudError with what is wrong. */
export async function readIamSetup(json: string): Promise<IamSetup> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new CloudError('BadRequest', 'It is not JSON.');
  }
  const setup = parseIamSetup(value);
  await checkPolicies(setup);
  return setup;
}

/** IAM API reference, PutRolePolicy: MalformedPolicyDocument. */
async function checkPolicies({ users, roles }: IamSetup): Promise<void> {
  for (const { name, policies } of [...users, ...roles]) {
    const errors = await policyErrors(policies);
    if (errors.length === 0) continue;
    throw new CloudError('MalformedPolicyDocument', `Policies of ${name}: ${errors.join('; ')}`);
  }
}
