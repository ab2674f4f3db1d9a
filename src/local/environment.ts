/** Environments that lead AWS clients to the local cloud and keep the user's own account out. */

import { dirname } from 'node:path';
import type { LocalCredentials } from './credentials.js';

/** The variables that a user exports. */
export function awsVariables(url: string, credentials: LocalCredentials): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_REGION: 'us-east-1',
    // The AWS CLI and boto3 read only this one.
    AWS_DEFAULT_REGION: 'us-east-1',
  };
}

/** `env` for programs that must use the local cloud, without the AWS settings of the user. */
export function environmentForLocalCloud(
  env: NodeJS.ProcessEnv,
  variables: Readonly<Record<string, string>>,
): NodeJS.ProcessEnv {
  const others = Object.entries(env).filter(([name]) => !name.startsWith('AWS_'));
  return {
    ...Object.fromEntries(others),
    ...variables,
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}

/** Lines for a shell to source. */
export function exportLines(variables: Readonly<Record<string, string>>): string[] {
  return Object.entries(variables).map(([name, value]) => `export ${name}='${value}'`);
}

/**
 * A line that puts Temporal's command line behind the programs of the user; none where the PATH leads to one already:
 * `fedimg dev` downloads its own.
 */
export function temporalPathLine(cli: string | undefined, env: NodeJS.ProcessEnv): string[] {
  if (cli === undefined) return [];
  const folder = dirname(cli);
  if ((env['PATH'] ?? '').split(':').includes(folder)) return [];
  return [`export PATH="$PATH":'${folder}'`];
}
