/** Users of the local cloud for tests of IAM, and clients with their keys. */

import assert from 'node:assert/strict';
import { EC2Client } from '@aws-sdk/client-ec2';
import { SSMClient } from '@aws-sdk/client-ssm';
import type { TestCloud, testCredentials } from '../cloud-fixture.js';
import { openTestCloud } from '../cloud-fixture.js';
import { send, signed } from '../raw-request.js';

export const account = '111122223333';

export const userKeys = { accessKeyId: 'AKIAUSERUSERUSERUSER', secretAccessKey: 'user/secret' };

export interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<
    Record<string, Readonly<Record<string, string | readonly string[]>>>
  >;
}

export function document(...statements: readonly Statement[]) {
  return { Version: '2012-10-17' as const, Statement: statements.map((one) => ({ ...one })) };
}

/** A trust policy for that user or account. */
export function trust(arn: string, condition?: Statement['Condition']) {
  return {
    Version: '2012-10-17' as const,
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: arn },
        Action: 'sts:AssumeRole',
        ...(condition === undefined ? {} : { Condition: condition }),
      },
    ],
  };
}

/** A cloud whose own pair is the account's root user, and with the user `publisher`. */
export function cloudWithUser(...statements: readonly Statement[]): Promise<TestCloud> {
  const policies = { own: document(...statements) };
  return openTestCloud({ iam: { users: [{ name: 'publisher', ...userKeys, policies }] } });
}

const clients: { destroy(): void }[] = [];

export function ec2As(
  cloud: TestCloud,
  keys: typeof testCredentials & { readonly sessionToken?: string } = userKeys,
  region = 'us-east-1',
): EC2Client {
  const options = { region, endpoint: cloud.url, credentials: { ...keys }, maxAttempts: 1 };
  const client = new EC2Client(options);
  clients.push(client);
  return client;
}

export function ssmAs(cloud: TestCloud, keys: typeof testCredentials = userKeys): SSMClient {
  const options = {
    region: 'us-east-1',
    endpoint: cloud.url,
    credentials: { ...keys },
    maxAttempts: 1,
  };
  const client = new SSMClient(options);
  clients.push(client);
  return client;
}

export function closeClients(): void {
  for (const client of clients.splice(0)) client.destroy();
}

/** A request to STS, which has no client here; the answer's XML. */
export async function sts(
  cloud: TestCloud,
  parameters: Readonly<Record<string, string>>,
  keys: typeof testCredentials & { readonly sessionToken?: string } = userKeys,
) {
  const body = new URLSearchParams({ Version: '2011-06-15', ...parameters }).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const request = await signed(cloud, body, { service: 'sts', headers, credentials: { ...keys } });
  return send(cloud, request);
}

export function tagOfXml(xml: string, name: string): string {
  const found = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  assert(found !== undefined, xml);
  return found
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>');
}

export function putIam(cloud: TestCloud, setup: unknown): Promise<Response> {
  return fetch(`${cloud.url}/_fedimg/iam`, { method: 'PUT', body: JSON.stringify(setup) });
}
