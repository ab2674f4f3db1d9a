/** Run Command's documented life of a command (API reference; SSM user guide, "Understanding command statuses"). */

import assert from 'node:assert/strict';

import { openSsmBench, type SsmBench } from './support.js';

const node = 'i-0123456789abcdef0';
const other = 'i-0123456789abcdef1';

describe('a command', () => {
  let bench: SsmBench;
  beforeEach(async () => {
    bench = await openSsmBench();
  });
  afterEach(() => bench.close());

  it('goes from Pending over InProgress to Success, with -1 and no output until it has finished', async () => {
    const machine = bench.addNode(node);
    const sent = await bench.ok('SendCommand', {
      InstanceIds: [node],
      DocumentName: 'AWS-RunShellScript',
      Comment: 'why',
      Parameters: {
        commands: ['echo one', 'echo two'],
        workingDirectory: ['/tmp'],
        executionTimeout: ['60'],
      },
    });
    const command = sent['Command'] as Record<string, unknown>;
    assert.equal(command['Status'], 'Pending');
    assert.equal(command['Comment'], 'why');
    assert.equal(command['ExpiresAfter'], Number(command['RequestedDateTime']) + 3600 + 60);
    const id = String(command['CommandId']);
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);

    await bench.clock.advance(1);
    const running = await bench.invocation(id, node);
    assert.equal(running['Status'], 'InProgress');
    assert.equal(running['ResponseCode'], -1);
    assert.equal(running['StandardOutputContent'], '');
    assert.equal(running['ExecutionEndDateTime'], '');
    assert.deepEqual(
      { ...machine.requests[0], signal: undefined },
      {
        script: 'echo one\necho two',
        workingDirectory: '/tmp',
        timeoutSeconds: 60,
        signal: undefined,
      },
    );

    await bench.clock.advance(1500);
    machine.finish({ stdout: 'one\ntwo\n', stderr: 'x' });
    await bench.clock.advance(1);
    const done = await bench.invocation(id, node);
    assert.equal(done['Status'], 'Success');
    assert.equal(done['StatusDetails'], 'Success');
    assert.equal(done['ResponseCode'], 0);
    assert.equal(done['StandardOutputContent'], 'one\ntwo\n');
    assert.equal(done['StandardErrorContent'], 'x');
    assert.equal(done['ExecutionElapsedTime'], 'PT1.501S');
    assert.equal(done['PluginName'], 'aws:runShellScript');
    const listed = (await bench.ok('ListCommands', { CommandId: id }))['Commands'] as Record<
      string,
      unknown
    >[];
    assert.equal(listed[0]?.['Status'], 'Success');
    assert.equal(listed[0]['CompletedCount'], 1);
  });

  it('does not exist for a moment after it was sent (GetCommandInvocation: eventual consistency)', async () => {
    const late = await openSsmBench({ consistencyLagMs: 800 });
    try {
      late.addNode(node);
      const id = await late.send(node);
      const asked = { CommandId: id, InstanceId: node };
      assert.equal(await late.error('GetCommandInvocation', asked), 'InvocationDoesNotExist');
      assert.deepEqual(await late.ok('ListCommandInvocations', { CommandId: id }), {
        CommandInvocations: [],
      });
      assert.deepEqual(await late.ok('ListCommands', { CommandId: id }), { Commands: [] });
      await late.clock.advance(801);
      assert.equal((await late.ok('GetCommandInvocation', asked))['Status'], 'InProgress');
    } finally {
      await late.close();
    }
  });

  const ends: [title: string, result: object, status: string, details: string, code: number][] = [
    ['that exits 3 is Failed', { exitCode: 3 }, 'Failed', 'Failed', 3],
    [
      'that exits 168 is Success (exit codes that control a document)',
      { exitCode: 168 },
      'Success',
      'Success',
      168,
    ],
    [
      'that runs out of its executionTimeout is TimedOut',
      { outcome: 'timed-out', exitCode: 137 },
      'TimedOut',
      'ExecutionTimedOut',
      137,
    ],
    [
      'that exits 137 is taken for timed out (the agent’s GetStatus)',
      { exitCode: 137 },
      'TimedOut',
      'ExecutionTimedOut',
      137,
    ],
  ];
  for (const [title, result, status, details, code] of ends) {
    it(title, async () => {
      const machine = bench.addNode(node);
      const id = await bench.send(node);
      await bench.clock.advance(1);
      machine.finish(result);
      await bench.clock.advance(1);
      const seen = await bench.invocation(id, node);
      assert.deepEqual(
        [seen['Status'], seen['StatusDetails'], seen['ResponseCode']],
        [status, details, code],
      );
    });
  }

  it('shows the first 24,000 and 8,000 characters, and 2,500 in a listing, each with its marker', async () => {
    const machine = bench.addNode(node);
    const id = await bench.send(node);
    await bench.clock.advance(1);
    machine.finish({ stdout: 'o'.repeat(30_000), stderr: 'e'.repeat(30_000), exitCode: 1 });
    await bench.clock.advance(1);
    const seen = await bench.invocation(id, node);
    const stdout = String(seen['StandardOutputContent']);
    const stderr = String(seen['StandardErrorContent']);
    assert.equal(stdout.length, 24_000);
    assert.match(stdout, /^o+--output truncated--$/);
    assert.equal(stderr.length, 8_000);
    assert.match(stderr, /^e+--output truncated--$/);
    const plugins = async (Details: boolean): Promise<{ Output: string }[]> => {
      const body = await bench.ok('ListCommandInvocations', { CommandId: id, Details });
      return (
        (body['CommandInvocations'] as { CommandPlugins: { Output: string }[] }[])[0]
          ?.CommandPlugins ?? []
      );
    };
    const output = (await plugins(true))[0]?.Output ?? '';
    assert.ok(output.length <= 2500, String(output.length));
    assert.match(
      output,
      /^o+\n---Output truncated---\n----------ERROR-------\ne+\n---Error truncated----$/,
    );
    assert.deepEqual(await plugins(false), []);
  });

  it('is not accepted for an instance that never registered (InvalidInstanceId)', async () => {
    const machine = bench.addNode(node);
    machine.online = false;
    const body = {
      InstanceIds: [node, other],
      DocumentName: 'AWS-RunShellScript',
      Parameters: { commands: ['true'] },
    };
    assert.equal(await bench.error('SendCommand', body), 'InvalidInstanceId');
    machine.online = true;
    assert.equal(await bench.error('SendCommand', body), 'InvalidInstanceId');
    const answer = await bench.call('SendCommand', body);
    assert.equal(
      answer.body['message'],
      `Instances [[${other}]] not in a valid state for account ${bench.cloud.accountId}`,
    );
    await bench.send(node);
  });

  it('goes to the nodes that its targets match, and is NoInstancesInTag without matches', async () => {
    bench.addNode(node, { role: 'utility', run: '7' });
    bench.addNode(other, { role: 'test', run: '7' });
    const send = async (targets: object[]): Promise<Record<string, unknown>> => {
      const body = await bench.ok('SendCommand', {
        DocumentName: 'AWS-RunShellScript',
        Parameters: { commands: ['true'] },
        Targets: targets,
      });
      return body['Command'] as Record<string, unknown>;
    };
    const both = await send([{ Key: 'tag:run', Values: ['7', '8'] }]);
    assert.deepEqual([both['TargetCount'], both['InstanceIds']], [2, []]);
    const one = await send([
      { Key: 'tag:run', Values: ['7'] },
      { Key: 'tag:role', Values: ['test'] },
    ]);
    const listed = await bench.ok('ListCommandInvocations', { CommandId: one['CommandId'] });
    assert.deepEqual(
      (listed['CommandInvocations'] as { InstanceId: string }[]).map(
        ({ InstanceId }) => InstanceId,
      ),
      [other],
    );
    assert.equal(
      (await send([{ Key: 'tag:run', Values: ['9'] }]))['StatusDetails'],
      'NoInstancesInTag',
    );
  });

  it('is listed in pages, newest first, and by filters', async () => {
    const machine = bench.addNode(node);
    const ids: string[] = [];
    for (let count = 0; count < 5; count += 1) {
      ids.unshift(await bench.send(node));
      await bench.clock.advance(1000);
    }
    machine.finish({ exitCode: 1 });
    await bench.clock.advance(1);
    const listed: string[] = [];
    let token: unknown;
    do {
      const page = await bench.ok('ListCommands', { MaxResults: 2, NextToken: token });
      listed.push(
        ...(page['Commands'] as { CommandId: string }[]).map(({ CommandId }) => CommandId),
      );
      token = page['NextToken'];
    } while (token !== undefined);
    assert.deepEqual(listed, ids);
    const failed = await bench.ok('ListCommands', {
      Filters: [{ key: 'Status', value: 'Failed' }],
    });
    assert.equal((failed['Commands'] as unknown[]).length, 1);
    assert.equal(await bench.error('ListCommands', { NextToken: 'nonsense' }), 'InvalidNextToken');
    assert.equal(
      await bench.error('ListCommandInvocations', {
        Filters: [{ key: 'ExecutionStage', value: 'Executing' }],
      }),
      'InvalidFilterKey',
    );
  });
});
