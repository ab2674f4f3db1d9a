/** Service Quotas' documented behaviour, and that EC2 enforces what it shows. */

import assert from 'node:assert/strict';
import {
  GetAWSDefaultServiceQuotaCommand,
  GetRequestedServiceQuotaChangeCommand,
  GetServiceQuotaCommand,
  ListRequestedServiceQuotaChangeHistoryCommand,
  paginateListServiceQuotas,
  RequestServiceQuotaIncreaseCommand,
  ServiceQuotasClient,
} from '@aws-sdk/client-service-quotas';
import { defaultSettings } from '../../../src/simulator/settings.js';
import type { TestCloud } from '../cloud-fixture.js';
import {
  changeSettings,
  closeTestClouds,
  control,
  idOf,
  newImage,
  openTestCloud,
  refusal,
  setFaults,
  shareImage,
  testCredentials,
} from '../cloud-fixture.js';

const PUBLIC_AMIS = { ServiceCode: 'ec2', QuotaCode: 'L-0E3CBAB9' };
const clients: ServiceQuotasClient[] = [];

function quotasOf(cloud: TestCloud, region = 'us-east-1'): ServiceQuotasClient {
  const client = new ServiceQuotasClient({
    region,
    endpoint: cloud.url,
    credentials: testCredentials,
    maxAttempts: 1,
  });
  clients.push(client);
  return client;
}

async function valueIn(client: ServiceQuotasClient): Promise<number | undefined> {
  return (await client.send(new GetServiceQuotaCommand(PUBLIC_AMIS))).Quota?.Value;
}

async function ask(client: ServiceQuotasClient, DesiredValue: number): Promise<string> {
  const { RequestedQuota: request } = await client.send(
    new RequestServiceQuotaIncreaseCommand({ ...PUBLIC_AMIS, DesiredValue }),
  );
  assert.equal(request?.Status, 'PENDING');
  return idOf(request.Id);
}

async function decide(cloud: TestCloud, id: string, status: string): Promise<number> {
  const url = `${cloud.url}/_fedimg/quota-requests/${id}`;
  return (await fetch(url, { method: 'PUT', body: JSON.stringify({ status }) })).status;
}

describe('Service Quotas', () => {
  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    await closeTestClouds();
  });

  it('keeps a new account at 5 public AMIs until AWS has granted a request, in that region only', async () => {
    const settings = { ...defaultSettings, imageBlockPublicAccess: 'unblocked' } as const;
    const cloud = await openTestCloud({ settings });
    const ec2 = cloud.client();
    const client = quotasOf(cloud);
    assert.equal(await valueIn(client), 5);
    for (const Name of ['one', 'two', 'three', 'four', 'five']) {
      await shareImage(ec2, await newImage(ec2, { Name }));
    }
    const sixth = await newImage(ec2, { Name: 'six' });
    await refusal('ResourceLimitExceeded', shareImage(ec2, sixth));

    const id = await ask(client, 40);
    await refusal('ResourceLimitExceeded', shareImage(ec2, sixth));
    await refusal('ResourceAlreadyExistsException', ask(client, 50));
    assert.equal(await decide(cloud, id, 'CASE_OPENED'), 200);
    assert.equal(await valueIn(client), 5);
    assert.equal(await decide(cloud, id, 'APPROVED'), 200);
    assert.equal(await valueIn(client), 40);
    await shareImage(ec2, sixth);
    await refusal('IllegalArgumentException', ask(client, 40));

    const found = await client.send(new GetRequestedServiceQuotaChangeCommand({ RequestId: id }));
    assert.equal(found.RequestedQuota?.Status, 'APPROVED');
    const abroad = quotasOf(cloud, 'eu-west-1');
    assert.equal(await valueIn(abroad), 5);
    const { RequestedQuotas: requests } = await abroad.send(
      new ListRequestedServiceQuotaChangeHistoryCommand({}),
    );
    assert.deepEqual(requests, []);
  });

  it('shows AWS’s default beside what the account has, and every quota over pages', async () => {
    const cloud = await openTestCloud({ settings: { publicImagesPerRegion: 12 } });
    const client = quotasOf(cloud);
    assert.equal(await valueIn(client), 12);
    const standard = await client.send(new GetAWSDefaultServiceQuotaCommand(PUBLIC_AMIS));
    assert.equal(standard.Quota?.Value, 5);
    assert.equal(standard.Quota.QuotaArn, 'arn:aws:servicequotas:us-east-1::ec2/L-0E3CBAB9');
    const codes: string[] = [];
    const pages = paginateListServiceQuotas({ client, pageSize: 1 }, { ServiceCode: 'ec2' });
    for await (const { Quotas: quotas = [] } of pages) {
      codes.push(...quotas.map(({ QuotaCode: code }) => idOf(code)));
    }
    assert.deepEqual(codes, ['L-0E3CBAB9', 'L-1216C47A']);
  });

  it('grants at once where the settings say so, and a region can have a quota of its own', async () => {
    const cloud = await openTestCloud({
      settings: {
        publicImagesPerRegion: 5,
        approvesQuotaRequests: true,
        regions: { 'eu-west-1': { publicImages: 2 } },
      },
    });
    assert.equal(await valueIn(quotasOf(cloud, 'eu-west-1')), 2);
    const client = quotasOf(cloud);
    await ask(client, 7);
    assert.equal(await valueIn(client), 7);
    await changeSettings(cloud, { publicImagesPerRegion: 9 });
    assert.equal(await valueIn(client), 9);
  });

  it('refuses what it does not know, what it may not show, and too many calls', async () => {
    const cloud = await openTestCloud({ settings: { throttling: true } });
    const client = quotasOf(cloud);
    const get = (ServiceCode: string, QuotaCode: string): Promise<unknown> =>
      client.send(new GetServiceQuotaCommand({ ServiceCode, QuotaCode }));
    await refusal('NoSuchResourceException', get('ec2', 'L-00000000'));
    await refusal('NoSuchResourceException', get('ebs', 'L-0E3CBAB9'));
    await refusal('NoSuchResourceException', get('s4', 'L-0E3CBAB9'));
    assert.equal(await decide(cloud, 'unknown', 'APPROVED'), 404);
    await setFaults(cloud, [{ action: 'ListServiceQuotas', kind: 'refusal' }]);
    const pages = paginateListServiceQuotas({ client }, { ServiceCode: 'ec2' });
    await refusal('AccessDeniedException', pages.next());
    const results = await Promise.allSettled(
      Array.from({ length: 30 }, () => get('ec2', 'L-0E3CBAB9')),
    );
    const codes = results.flatMap((one) =>
      one.status === 'rejected' && one.reason instanceof Error ? [one.reason.name] : [],
    );
    assert.ok(codes.length > 0, String(codes.length));
    assert.deepEqual([...new Set(codes)], ['TooManyRequestsException']);
    const requests = await control<unknown[]>(cloud, 'quota-requests');
    assert.deepEqual(requests, []);
  });
});
