/** Which requests the local cloud accepts, and how it refuses the others. */

import assert from 'node:assert/strict';
import net from 'node:net';
import * as ec2 from '@aws-sdk/client-ec2';
import { SSMClient, GetParameterCommand } from '@aws-sdk/client-ssm';
import {
  closeTestClouds,
  control,
  openTestCloud,
  refusal,
  testCredentials,
} from '../cloud-fixture.js';
import type { Signing } from '../raw-request.js';
import { codeOf, describeVpcs, send, signed } from '../raw-request.js';

describe('simulator: server', () => {
  afterEach(closeTestClouds);

  it('refuses a web page of another site, which sends an Origin or a Host of its own', async () => {
    const cloud = await openTestCloud();
    const request = await signed(cloud, describeVpcs);
    const withOrigin = {
      ...request,
      headers: { ...request.headers, origin: 'http://evil.example' },
    };
    assert.equal((await send(cloud, withOrigin)).status, 403);
    for (const host of [
      'evil.example',
      'localhost.evil.example',
      '10.0.0.1:80',
      '127.0.0.1.evil.example',
    ]) {
      const answer = await send(cloud, {
        method: 'GET',
        path: '/_fedimg/resources',
        headers: { host },
      });
      assert.equal(answer.status, 403, host);
    }
    for (const host of [
      'localhost',
      'LOCALHOST:1',
      'ec2.us-east-1.localhost:99',
      '127.0.0.1:5',
      '[::1]:5',
    ]) {
      const answer = await send(cloud, {
        method: 'GET',
        path: '/_fedimg/resources',
        headers: { host },
      });
      assert.equal(answer.status, 200, host);
    }
  });

  it('listens on loopback only', async () => {
    const cloud = await openTestCloud();
    assert.equal(new URL(cloud.url).hostname, '127.0.0.1');
  });

  it('accepts a signature made for another port, because a proxy may stand between', async () => {
    const cloud = await openTestCloud();
    const request = await signed(cloud, describeVpcs, { headers: { host: 'localhost:1' } });
    assert.equal((await send(cloud, request)).status, 200);
  });

  it('refuses a wrong secret, key, body, header, region, service and time, with the codes of each service', async () => {
    const cloud = await openTestCloud();
    const code = async (signing: Signing, body = describeVpcs): Promise<string | undefined> =>
      codeOf(await send(cloud, { ...(await signed(cloud, describeVpcs, signing)), body }));
    const other = (change: Partial<typeof testCredentials>) => ({ ...testCredentials, ...change });
    assert.equal(await code({ credentials: other({ secretAccessKey: 'x' }) }), 'AuthFailure');
    assert.equal(await code({ credentials: other({ accessKeyId: 'AKIAOTHER' }) }), 'AuthFailure');
    assert.equal(await code({}, `${describeVpcs}&MaxResults=5`), 'AuthFailure');
    assert.equal(await code({ region: 'nowhere-1' }), 'AuthFailure');
    assert.equal(await code({ service: 's3' }), 'AuthFailure');
    assert.equal(await code({ date: new Date(Date.now() - 20 * 60_000) }), 'RequestExpired');
    assert.equal(await code({ date: new Date(Date.now() + 20 * 60_000) }), 'RequestExpired');
    assert.equal(await code({ date: new Date(Date.now() - 10 * 60_000) }), undefined);
    assert.equal(codeOf(await send(cloud, { body: describeVpcs })), 'MissingAuthenticationToken');
    const request = await signed(cloud, describeVpcs);
    const added = { ...request, headers: { ...request.headers, 'x-amz-extra': 'unsigned' } };
    assert.equal(codeOf(await send(cloud, added)), 'AuthFailure');
    const broken = {
      ...request,
      headers: { ...request.headers, authorization: 'AWS4-HMAC-SHA256 nonsense' },
    };
    assert.equal(codeOf(await send(cloud, broken)), 'IncompleteSignature');
    const sts = await signed(cloud, 'Action=GetCallerIdentity&Version=2011-06-15', {
      service: 'sts',
      credentials: other({ secretAccessKey: 'x' }),
    });
    assert.equal(codeOf(await send(cloud, sts)), 'SignatureDoesNotMatch');
    const ssm = new SSMClient({
      region: 'us-east-1',
      endpoint: cloud.url,
      credentials: other({ accessKeyId: 'AKIAOTHER' }),
      maxAttempts: 1,
    });
    await refusal('UnrecognizedClientException', ssm.send(new GetParameterCommand({ Name: 'x' })));
    ssm.destroy();
  });

  it('accepts a presigned query until it expires', async () => {
    const cloud = await openTestCloud();
    assert.equal(
      (await send(cloud, await signed(cloud, describeVpcs, { presign: true }))).status,
      200,
    );
    const old = await signed(cloud, describeVpcs, {
      presign: true,
      date: new Date(Date.now() - 61_000),
    });
    assert.equal(codeOf(await send(cloud, old)), 'RequestExpired');
    const changed = await signed(cloud, describeVpcs, { presign: true });
    const path = (changed.path ?? '').replace('DescribeVpcs', 'DescribeSubnets');
    assert.equal(codeOf(await send(cloud, { ...changed, path })), 'AuthFailure');
  });

  it('answers who the caller is (STS, GetCallerIdentity)', async () => {
    const cloud = await openTestCloud();
    const request = await signed(cloud, 'Action=GetCallerIdentity&Version=2011-06-15', {
      service: 'sts',
    });
    const { body } = await send(cloud, request);
    assert.match(body, /<Account>111122223333<\/Account>/);
  });

  it('answers malformed parameters with EC2’s own errors, and goes on', async () => {
    const cloud = await openTestCloud();
    const code = async (body: string): Promise<string | undefined> =>
      codeOf(await send(cloud, await signed(cloud, body)));
    const version = 'Version=2016-11-15';
    assert.equal(await code(version), 'MissingAction');
    assert.equal(await code(`Action=MakeCoffee&${version}`), 'InvalidAction');
    assert.equal(await code(`Action=constructor&${version}`), 'InvalidAction');
    assert.equal(await code(`Action=DescribeVpcs&Version=1999-01-01`), 'NoSuchVersion');
    assert.equal(await code(`Action=DescribeVpcs&${version}&Colour=red`), 'UnknownParameter');
    assert.equal(
      await code(`Action=DescribeVpcs&${version}&Filter.1.Name=state&Filter.1.Colour=x`),
      'UnknownParameter',
    );
    assert.equal(
      await code(`Action=DescribeVpcs&${version}&MaxResults=many`),
      'InvalidParameterValue',
    );
    assert.equal(await code(`Action=DescribeVpcs&${version}&VpcId.x=1`), 'UnknownParameter');
    assert.equal(
      await code(`Action=DescribeVpcs&${version}&VpcId.1=a&VpcId.1=b`),
      'InvalidQueryParameter',
    );
    assert.equal(
      await code(`Action=DescribeVpcs&${version}&VpcId.1=%ff%fe`),
      'MalformedQueryString',
    );
    assert.equal(
      await code(`Action=DescribeVpcs&${version}&__proto__.polluted=1`),
      'UnknownParameter',
    );
    assert.equal(
      await code(`Action=DescribeVpcs&${version}${'&a.b'.repeat(9)}=1`),
      'InvalidQueryParameter',
    );
    assert.equal(
      await code(`Action=DescribeVpcs&${version}&${'a.'.repeat(50)}b=1`),
      'MalformedQueryString',
    );
    assert.equal(await code(`Action=DeleteVolume&${version}`), 'MissingParameter');
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
  });

  it('writes back hostile text as well-formed XML', async () => {
    const cloud = await openTestCloud();
    const body = `Action=DeleteVolume&Version=2016-11-15&VolumeId=${encodeURIComponent('<&"\u0000\u001b]]>\ufffe')}`;
    const answer = await send(cloud, await signed(cloud, body));
    assert.equal(codeOf(answer), 'InvalidVolumeID.Malformed');
    assert.match(answer.body, /&lt;&amp;&quot;\ufffd\ufffd\]\]&gt;\ufffd/);
  });

  it('refuses a body that is too large, cut short, of the wrong method, or not HTTP at all', async () => {
    const cloud = await openTestCloud();
    const huge = Buffer.alloc(1024 * 1024 + 1, 'a');
    assert.equal((await send(cloud, { body: huge })).status, 413);
    const put = await send(cloud, { ...(await signed(cloud, describeVpcs)), method: 'PUT' });
    assert.equal(put.status, 405);
    const { hostname, port } = new URL(cloud.url);
    const raw = (text: string, keepOpen = false): Promise<string> =>
      new Promise((resolve) => {
        const socket = net.connect(Number(port), hostname, () => {
          socket.write(text);
          if (!keepOpen) socket.end();
        });
        let seen = '';
        socket.on('data', (chunk) => (seen += chunk.toString()));
        socket.on('error', () => undefined);
        socket.on('close', () => resolve(seen));
      });
    assert.match(
      await raw('\u0000\u0001nonsense\r\n\r\n'),
      /400 Bad Request[^]*MalformedQueryString/,
    );
    assert.match(
      await raw(`GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'y'.repeat(40_000)}\r\n\r\n`),
      /431/,
    );
    await raw('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nAction=');
    assert.match(await raw('GET / HTTP/1.0\r\n\r\n'), /403/);
    assert.equal((await send(cloud, await signed(cloud, describeVpcs))).status, 200);
  });

  it('refuses SSM bodies that are not JSON objects, and targets that do not exist', async () => {
    const cloud = await openTestCloud();
    const ssm = async (
      body: string,
      target = 'AmazonSSM.GetParameter',
    ): Promise<string | undefined> => {
      const headers = { 'x-amz-target': target, 'content-type': 'application/x-amz-json-1.1' };
      const answer = await send(cloud, await signed(cloud, body, { service: 'ssm', headers }));
      return (JSON.parse(answer.body) as { __type?: string }).__type;
    };
    assert.equal(await ssm('{'), 'SerializationException');
    assert.equal(await ssm('[]'), 'SerializationException');
    const deep = `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`;
    assert.equal(await ssm(deep), 'SerializationException', 'and it lives on');
    assert.equal(await ssm('{}', 'DynamoDB_20120810.GetItem'), 'UnknownOperationException');
    assert.equal(await ssm('{}', 'AmazonSSM.DescribeInstanceInformation'), undefined);
  });

  it('counts calls by action, region and result, and logs each with who made it and what it changed', async () => {
    const cloud = await openTestCloud();
    const client = cloud.client();
    await client.send(new ec2.CreateVolumeCommand({ AvailabilityZone: 'us-east-1a', Size: 1 }));
    await refusal(
      'InvalidZone.NotFound',
      client.send(new ec2.CreateVolumeCommand({ AvailabilityZone: 'x', Size: 1 })),
    );
    await cloud.client('eu-west-1').send(new ec2.DescribeVpcsCommand({}));
    assert.deepEqual(await control(cloud, 'calls'), [
      { action: 'CreateVolume', region: 'us-east-1', result: 'ok', count: 1 },
      { action: 'CreateVolume', region: 'us-east-1', result: 'InvalidZone.NotFound', count: 1 },
      { action: 'DescribeVpcs', region: 'eu-west-1', result: 'ok', count: 1 },
    ]);
    const response = await fetch(`${cloud.url}/_fedimg/effects`);
    const effects = (await response.text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const created = effects.find((effect) => effect['action'] === 'CreateVolume');
    assert.equal(created?.['principal'], testCredentials.accessKeyId);
    assert.match(String(created['userAgent']), /aws-sdk-js/);
    assert.match(JSON.stringify(created['changed']), /volume\/us-east-1\/vol-/);
    assert.equal((created['request'] as Record<string, unknown>)['Size'], '1');
  });

  it('lists its resources below /_fedimg/, and refuses unknown paths', async () => {
    const cloud = await openTestCloud();
    assert.equal((await fetch(`${cloud.url}/_fedimg/nothing`)).status, 404);
    assert.equal((await fetch(`${cloud.url}/_fedimg/snapshots/us-east-1/snap-0`)).status, 404);
    assert.equal(
      (await fetch(`${cloud.url}/_fedimg/snapshots/us-east-1/..%2f..%2fstate.jsonl`)).status,
      404,
    );
    assert.equal((await fetch(`${cloud.url}/_fedimg/resources`, { method: 'DELETE' })).status, 405);
  });
});
