/** Keys that are replaced, unknown or expired while the local cloud runs. */

import assert from 'node:assert/strict';
import { DescribeVpcsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { GetServiceQuotaCommand, ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import type { TestCloud } from '../cloud-fixture.js';
import {
  closeTestClouds,
  openTestCloud,
  refusal,
  setFaults,
  testCredentials,
} from '../cloud-fixture.js';
import { codeOf, send, signed } from '../raw-request.js';

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

const renewed: Keys = {
  accessKeyId: 'ASIARENEWEDRENEWED12',
  secretAccessKey: 'renewed/secret',
  sessionToken: 'session',
};

/** One call to each service, with the HTTP status and code of its refusal. */
async function refusals(cloud: TestCloud, keys: Keys): Promise<string[]> {
  // The SDK writes into the object that it is given.
  const credentials = { ...keys };
  const options = { region: 'us-east-1', endpoint: cloud.url, credentials, maxAttempts: 1 };
  const [ec2, ssm, quotas] = [
    new EC2Client(options),
    new SSMClient(options),
    new ServiceQuotasClient(options),
  ];
  const quota = { ServiceCode: 'ec2', QuotaCode: 'L-0E3CBAB9' };
  const calls = [
    () => ec2.send(new DescribeVpcsCommand({})),
    () => ssm.send(new GetParameterCommand({ Name: '/none' })),
    () => quotas.send(new GetServiceQuotaCommand(quota)),
  ];
  const seen: string[] = [];
  for (const call of calls) {
    try {
      await call();
      seen.push('ok');
    } catch (error) {
      const { name, $metadata: metadata } = error as Error & {
        readonly $metadata?: { readonly httpStatusCode?: number };
      };
      seen.push(`${metadata?.httpStatusCode ?? ''} ${name}`);
    }
  }
  for (const client of [ec2, ssm, quotas]) client.destroy();
  return seen;
}

async function rotate(cloud: TestCloud, body: unknown): Promise<number> {
  const url = `${cloud.url}/_fedimg/credentials`;
  return (await fetch(url, { method: 'PUT', body: JSON.stringify(body) })).status;
}

const UNKNOWN_KEY = [
  '401 AuthFailure',
  '403 UnrecognizedClientException',
  '403 UnrecognizedClientException',
];
const GOOD_KEY = ['ok', '400 ParameterNotFound', 'ok'];

describe('simulator: keys that change', () => {
  afterEach(closeTestClouds);

  it('accepts only the new pair once it is put in place, in the words of each service', async () => {
    const cloud = await openTestCloud();
    assert.deepEqual(await refusals(cloud, testCredentials), GOOD_KEY);
    const change = { currentSecretAccessKey: testCredentials.secretAccessKey, ...renewed };
    assert.equal(await rotate(cloud, change), 200);
    assert.deepEqual(await refusals(cloud, testCredentials), UNKNOWN_KEY);
    assert.deepEqual(await refusals(cloud, renewed), GOOD_KEY);
    const sts = await signed(cloud, 'Action=GetCallerIdentity&Version=2011-06-15', {
      service: 'sts',
    });
    const answer = await send(cloud, sts);
    assert.deepEqual([answer.status, codeOf(answer)], [403, 'InvalidClientTokenId']);
  });

  it('lets only a holder of the secret replace the pair: control requests have no signature', async () => {
    const cloud = await openTestCloud();
    assert.equal(await rotate(cloud, { currentSecretAccessKey: 'guess', ...renewed }), 403);
    assert.equal(await rotate(cloud, renewed), 400);
    assert.deepEqual(await refusals(cloud, testCredentials), GOOD_KEY);
  });

  it('can refuse good keys as unknown, or a session as expired, by a fault rule', async () => {
    const cloud = await openTestCloud();
    await setFaults(cloud, [{ action: '*', kind: 'unknown-key', count: 3 }]);
    assert.deepEqual(await refusals(cloud, testCredentials), UNKNOWN_KEY);
    await setFaults(cloud, [{ action: '*', kind: 'expired-session', count: 3 }]);
    assert.deepEqual(await refusals(cloud, testCredentials), [
      '400 RequestExpired',
      '403 ExpiredTokenException',
      '403 ExpiredTokenException',
    ]);
    assert.deepEqual(await refusals(cloud, testCredentials), GOOD_KEY);
    await setFaults(cloud, [{ action: 'DescribeVpcs', kind: 'unknown-key' }]);
    const message = await refusal('AuthFailure', cloud.client().send(new DescribeVpcsCommand({})));
    assert.match(message, /not able to validate/);
  });
});
