/** Where AWS credentials come from, and what an operator checks there when AWS refuses them. */

import type { AwsCredentialIdentity } from '@smithy/types';

export type CredentialSource =
  | 'environment'
  | 'profile'
  | 'process'
  | 'sign-in'
  | 'assumed-role'
  | 'token-file'
  | 'container'
  | 'instance'
  | 'missing'
  | 'unknown';

/** The SDK's marks on an identity (`$source`), the last step of the chain first. */
const MARKS: readonly (readonly [mark: RegExp, source: CredentialSource])[] = [
  [/WEB_ID/, 'token-file'],
  [/ASSUME_ROLE/, 'assumed-role'],
  [/SSO|LOGIN/, 'sign-in'],
  [/PROCESS/, 'process'],
  [/PROFILE/, 'profile'],
  [/ENV_VARS/, 'environment'],
  [/HTTP/, 'container'],
];

/** By the marks that the SDK puts on an identity. It puts none on the role of an instance. */
export function sourceOf(identity: AwsCredentialIdentity): CredentialSource {
  const { $source = {} } = identity as { readonly $source?: Readonly<Record<string, unknown>> };
  const marks = Object.keys($source);
  return MARKS.find(([mark]) => marks.some((one) => mark.test(one)))?.[1] ?? 'instance';
}

const ADVICE: Readonly<Record<CredentialSource, string>> = {
  environment:
    'They are in the environment of this process (AWS_ACCESS_KEY_ID): correct them there and start the process again.',
  profile:
    'They are in the AWS profile: correct ~/.aws/credentials, or the file that AWS_SHARED_CREDENTIALS_FILE names. The next try reads it again.',
  process:
    'The credential_process of the AWS profile makes them: correct it. The next try runs it again.',
  'sign-in': 'They are of an AWS sign-in: run `aws sso login`. The next try uses the new session.',
  'assumed-role':
    'They are of an assumed role: check that the role still trusts its caller, and that STS answers. The next try asks STS again.',
  'token-file':
    'They are of a role for the token in AWS_WEB_IDENTITY_TOKEN_FILE: check the token and the trust of the role. The next try reads the token again.',
  container:
    'They are of the role of this container: check that role in IAM. The next try asks for them again.',
  instance:
    'They are of the role of this instance: check its instance profile in IAM. The next try asks for them again.',
  unknown: 'Correct them where they come from: environment, AWS profile, or role.',
  missing:
    'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or use a role, and check that STS and the metadata service answer.',
};

/** What to check, as the whole of an error's `next`. */
export function credentialsAdvice(source: CredentialSource): string {
  const look =
    source === 'missing'
      ? 'The AWS SDK finds no credentials.'
      : 'Check the credentials with `aws sts get-caller-identity`, as the user of this process.';
  return `${look} ${ADVICE[source]}`;
}
