/** DescribeInstanceInformation and Parameter Store, as their API references have them. */

import assert from 'node:assert/strict';

import { openSsmBench, type SsmBench } from './support.js';

const node = 'i-0123456789abcdef0';

describe('managed nodes', () => {
  let bench: SsmBench;
  beforeEach(async () => {
    bench = await openSsmBench();
  });
  afterEach(() => bench.close());

  const listed = async (body: object): Promise<string[]> => {
    const answer = await bench.ok('DescribeInstanceInformation', body);
    return (answer['InstanceInformationList'] as { InstanceId: string }[]).map(
      ({ InstanceId }) => InstanceId,
    );
  };

  it('appear when their agent registers, are ConnectionLost when it goes, and vanish with the instance', async () => {
    const machine = bench.addNode(node, { run: '1' });
    machine.online = false;
    assert.deepEqual(await listed({}), []);
    machine.online = true;
    assert.deepEqual(await listed({ Filters: [{ Key: 'PingStatus', Values: ['Online'] }] }), [
      node,
    ]);
    machine.online = false;
    assert.deepEqual(await listed({ Filters: [{ Key: 'PingStatus', Values: ['Online'] }] }), []);
    assert.deepEqual(
      await listed({ Filters: [{ Key: 'PingStatus', Values: ['ConnectionLost'] }] }),
      [node],
    );
    assert.deepEqual(await listed({ Filters: [{ Key: 'tag:run', Values: ['1'] }] }), [node]);
    assert.deepEqual(await listed({ Filters: [{ Key: 'tag:run', Values: ['2'] }] }), []);
    const record = bench.cloud.instances.get('eu-west-1', node);
    if (record !== undefined) record.state = 'stopped';
    assert.deepEqual(await listed({}), []);
  });

  it('come ten to a page unless asked otherwise', async () => {
    const ids = Array.from(
      { length: 12 },
      (_, index) => `i-0123456789abcde${index.toString(16).padStart(2, '0')}`,
    );
    for (const id of ids) bench.addNode(id);
    const first = await bench.ok('DescribeInstanceInformation', {});
    assert.equal((first['InstanceInformationList'] as unknown[]).length, 10);
    const rest = await bench.ok('DescribeInstanceInformation', { NextToken: first['NextToken'] });
    assert.equal((rest['InstanceInformationList'] as unknown[]).length, 2);
    assert.equal(rest['NextToken'], undefined);
  });

  it('are picked from each page by the filters: a page without any of them is not the last', async () => {
    const ids = Array.from({ length: 12 }, (_, index) => `i-0123456789abcde${10 + index}`);
    for (const id of ids) bench.addNode(id);
    const Filters = [{ Key: 'InstanceIds', Values: [ids.at(-1)] }];
    const first = await bench.ok('DescribeInstanceInformation', { Filters, MaxResults: 5 });
    assert.deepEqual(first['InstanceInformationList'], []);
    let [page, seen] = [first, [] as unknown[]];
    while (page['NextToken'] !== undefined) {
      const { NextToken } = page;
      page = await bench.ok('DescribeInstanceInformation', { Filters, MaxResults: 5, NextToken });
      seen = [...seen, ...(page['InstanceInformationList'] as unknown[])];
    }
    assert.deepEqual(
      (seen as { InstanceId: string }[]).map(({ InstanceId }) => InstanceId),
      [ids.at(-1)],
    );
  });
});

describe('Parameter Store', () => {
  it('names each region’s newest Amazon Linux 2023, by name, by version, by path and by ARN', async () => {
    const bench = await openSsmBench();
    try {
      const prefix = '/aws/service/ami-amazon-linux-latest';
      const name = `${prefix}/al2023-ami-kernel-default-x86_64`;
      const get = async (Name: string): Promise<Record<string, unknown>> =>
        (await bench.ok('GetParameter', { Name }))['Parameter'] as Record<string, unknown>;
      const parameter = await get(name);
      const image = bench.cloud.images.get('eu-west-1', String(parameter['Value']));
      assert.equal(image?.architecture, 'x86_64');
      assert.equal(image.os, 'amazon-linux-2023');
      const version = Number(parameter['Version']);
      assert.equal((await get(`${name}:${version}`))['Value'], parameter['Value']);
      assert.notEqual((await get(`${name}:${version - 1}`))['Value'], parameter['Value']);
      assert.equal((await get(String(parameter['ARN'])))['Value'], parameter['Value']);
      const below = await bench.ok('GetParametersByPath', { Path: prefix, MaxResults: 3 });
      assert.equal((below['Parameters'] as unknown[]).length, 3);
      const several = await bench.ok('GetParameters', { Names: [name, '/none'] });
      assert.deepEqual(several['InvalidParameters'], ['/none']);
    } finally {
      await bench.close();
    }
  });

  it('keeps an account’s own, refuses to overwrite unasked, and counts versions', async () => {
    const bench = await openSsmBench();
    try {
      const put = { Name: '/own/a', Value: '1', Type: 'String' };
      assert.equal((await bench.ok('PutParameter', put))['Version'], 1);
      assert.equal(await bench.error('PutParameter', put), 'ParameterAlreadyExists');
      const tagged = { ...put, Overwrite: true, Tags: [{ Key: 'a', Value: 'b' }] };
      assert.equal(await bench.error('PutParameter', tagged), 'ValidationException');
      assert.equal(
        (await bench.ok('PutParameter', { Name: '/own/a', Value: '2', Overwrite: true }))[
          'Version'
        ],
        2,
      );
      const got = (await bench.ok('GetParameter', { Name: '/own/a' }))['Parameter'] as Record<
        string,
        unknown
      >;
      assert.deepEqual([got['Value'], got['Version']], ['2', 2]);
      const label = { Name: '/own/a', ParameterVersion: 1, Labels: ['stable', 'aws-no'] };
      const labelled = await bench.ok('LabelParameterVersion', label);
      assert.deepEqual(labelled, { InvalidLabels: ['aws-no'], ParameterVersion: 1 });
      const valueOf = async (Name: string): Promise<unknown> =>
        ((await bench.ok('GetParameter', { Name }))['Parameter'] as typeof got)['Value'];
      assert.equal(await valueOf('/own/a:stable'), '1');
      await bench.ok('LabelParameterVersion', { Name: '/own/a', Labels: ['stable'] });
      assert.equal(await valueOf('/own/a:stable'), '2');
      assert.equal(
        await bench.error('GetParameter', { Name: '/own/a:3' }),
        'ParameterVersionNotFound',
      );
      await bench.ok('DeleteParameter', { Name: '/own/a' });
      assert.equal(await bench.error('GetParameter', { Name: '/own/a' }), 'ParameterNotFound');
    } finally {
      await bench.close();
    }
  });
});
