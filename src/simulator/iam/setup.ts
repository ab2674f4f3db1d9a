/** The account's users, roles and instance profiles with their policies, as a test or an operator sets them. */

import { z } from 'zod';
import { CloudError } from '../errors.js';

/** IAM API reference, CreateUser and CreateRole: names. */
const name = z.string().regex(/^[\w+=,.@-]{1,64}$/, 'must be 1 to 64 of A-Z a-z 0-9 _+=,.@-');

/** A policy document (IAM user guide, "IAM JSON policy reference"); the evaluator reads the rest of it. */
const policyDocument = z.looseObject({
  Version: z.enum(['2012-10-17', '2008-10-17']).optional(),
  Statement: z.union([z.looseObject({}), z.array(z.looseObject({}))]),
});

const policies = z.record(z.string().min(1), policyDocument);

const user = z
  .strictObject({
    name,
    /** Without keys of its own the user has the key pair of the cloud's start. */
    accessKeyId: z
      .string()
      .regex(/^\w{16,128}$/, 'must be 16 to 128 letters and digits')
      .optional(),
    secretAccessKey: z.string().min(1).max(200).optional(),
    policies,
  })
  .refine((one) => (one.accessKeyId === undefined) === (one.secretAccessKey === undefined), {
    error: 'accessKeyId and secretAccessKey belong together: set both or neither',
  });

const role = z.strictObject({
  name,
  /** The trust policy (IAM API reference, CreateRole: AssumeRolePolicyDocument). */
  trust: policyDocument,
  policies,
});

const setup = z.strictObject({
  users: z.array(user).default([]),
  roles: z.array(role).default([]),
  instanceProfiles: z.array(z.strictObject({ name, role: name })).default([]),
});

export type PolicyDocument = z.infer<typeof policyDocument>;
export type IamUser = z.infer<typeof user>;
export type IamRole = z.infer<typeof role>;
export type IamSetup = z.infer<typeof setup>;
/** As a file or a request has it: lists may be missing. */
export type IamSetupInput = z.input<typeof setup>;

/** Throws CloudError with what is wrong and where. */
export function parseIamSetup(value: unknown): IamSetup {
  const parsed = setup.safeParse(value);
  if (!parsed.success) {
    throw new CloudError(
      'BadRequest',
      `${z.prettifyError(parsed.error)}. The form is {"users": [{"name", "accessKeyId"?, "secretAccessKey"?, "policies": {NAME: DOCUMENT}}], "roles": [{"name", "trust": DOCUMENT, "policies"}], "instanceProfiles": [{"name", "role"}]}.`,
    );
  }
  const { users, roles, instanceProfiles } = parsed.data;
  refuseRepeated('user', users);
  refuseRepeated('role', roles);
  refuseRepeated('instance profile', instanceProfiles);
  if (users.filter((one) => one.accessKeyId === undefined).length > 1) {
    throw new CloudError(
      'BadRequest',
      'Only one user can have the key pair of the start: give the others an accessKeyId and a secretAccessKey.',
    );
  }
  const unknown = instanceProfiles.find((one) => !roles.some((known) => known.name === one.role));
  if (unknown !== undefined) {
    throw new CloudError(
      'BadRequest',
      `The instance profile ${unknown.name} has the role ${unknown.role}, which is not in the list of roles.`,
    );
  }
  return parsed.data;
}

function refuseRepeated(what: string, named: readonly { readonly name: string }[]): void {
  const seen = new Set<string>();
  for (const one of named) {
    if (seen.has(one.name)) throw new CloudError('BadRequest', `Two of a ${what}: ${one.name}.`);
    seen.add(one.name);
  }
}
