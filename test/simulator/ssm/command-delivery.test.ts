/** How commands reach their nodes, are cancelled, and outlive agents and restarts (SSM user guide, "Understanding command statuses"). */

import assert from 'node:assert/strict';

import { openSsmBench, region, type SsmBench } from './support.js';

const node = 'i-0123456789abcdef0';
const other = 'i-0123456789abcdef1';

describe('the delivery of a command', () => {
  let bench: SsmBench;
  beforeEach(async () => {
    bench = await openSsmBench();
  });
  afterEach(() => bench.close());

  it('is Delayed while the agent does not answer, and DeliveryTimedOut after TimeoutSeconds', async () => {
    const machine = bench.addNode(node);
    await bench.ok('DescribeInstanceInformation', {});
    machine.online = false;
    const id = await bench.send(node, { TimeoutSeconds: 30 });
    await bench.clock.advance(1000);
    assert.equal((await bench.invocation(id, node))['Status'], 'Delayed');
    await bench.clock.advance(29_500);
    const seen = await bench.invocation(id, node);
    assert.deepEqual(
      [seen['Status'], seen['StatusDetails'], seen['ResponseCode']],
      ['TimedOut', 'DeliveryTimedOut', -1],
    );
    machine.online = true;
    await bench.clock.advance(5000);
    assert.equal(machine.requests.length, 0, 'it ran although it had timed out');
  });

  it('is delivered when the agent comes back in time', async () => {
    const machine = bench.addNode(node);
    await bench.ok('DescribeInstanceInformation', {});
    machine.online = false;
    const id = await bench.send(node, { TimeoutSeconds: 30 });
    await bench.clock.advance(20_000);
    machine.online = true;
    await bench.clock.advance(200);
    assert.equal((await bench.invocation(id, node))['Status'], 'InProgress');
  });

  it('stays InProgress under a dead agent until both time-outs have passed, though its script has ended', async () => {
    const machine = bench.addNode(node);
    const id = await bench.send(node, {
      TimeoutSeconds: 30,
      Parameters: { commands: ['x'], executionTimeout: ['100'] },
    });
    await bench.clock.advance(10);
    machine.online = false;
    machine.finish({ stdout: 'never seen' });
    await bench.clock.advance(128_000);
    assert.equal((await bench.invocation(id, node))['Status'], 'InProgress');
    await bench.clock.advance(3_000);
    const seen = await bench.invocation(id, node);
    assert.deepEqual(
      [seen['Status'], seen['StatusDetails'], seen['StandardOutputContent']],
      ['TimedOut', 'DeliveryTimedOut', ''],
    );
  });

  it('on an instance that is lost while it runs stays InProgress until it expires', async () => {
    const machine = bench.addNode(node);
    const id = await bench.send(node, {
      TimeoutSeconds: 30,
      Parameters: { commands: ['x'], executionTimeout: ['10'] },
    });
    await bench.clock.advance(10);
    machine.finish({ outcome: 'instance-gone', exitCode: -1 });
    machine.online = false;
    const record = bench.cloud.instances.get(region, node);
    if (record !== undefined) record.state = 'terminated';
    await bench.clock.advance(39_000);
    assert.equal((await bench.invocation(id, node))['Status'], 'InProgress');
    await bench.clock.advance(2_000);
    assert.equal((await bench.invocation(id, node))['StatusDetails'], 'DeliveryTimedOut');
  });

  it('to an instance that ends before the delivery is Undeliverable', async () => {
    const machine = bench.addNode(node);
    await bench.ok('DescribeInstanceInformation', {});
    machine.online = false;
    const id = await bench.send(node);
    await bench.clock.advance(500);
    const record = bench.cloud.instances.get(region, node);
    if (record !== undefined) record.state = 'terminated';
    await bench.clock.advance(500);
    const seen = await bench.invocation(id, node);
    assert.deepEqual([seen['Status'], seen['StatusDetails']], ['Failed', 'Undeliverable']);
  });

  it('is Cancelling, then Cancelled; what has ended stays as it is', async () => {
    const machine = bench.addNode(node);
    const id = await bench.send(node);
    await bench.clock.advance(1);
    await bench.ok('CancelCommand', { CommandId: id });
    assert.equal((await bench.invocation(id, node))['Status'], 'Cancelling');
    await bench.clock.advance(1);
    assert.equal((await bench.invocation(id, node))['Status'], 'Cancelled');
    const second = await bench.send(node);
    await bench.clock.advance(1);
    machine.finish({});
    machine.finish({});
    await bench.clock.advance(1);
    await bench.ok('CancelCommand', { CommandId: second, InstanceIds: [node] });
    assert.equal((await bench.invocation(second, node))['Status'], 'Success');
    assert.equal(
      await bench.error('CancelCommand', { CommandId: second, InstanceIds: [other] }),
      'InvalidInstanceId',
    );
    assert.equal(
      await bench.error('CancelCommand', { CommandId: '0'.repeat(36) }),
      'InvalidCommandId',
    );
  });

  it('whose agent is dead is not cancelled: there is "no guarantee"', async () => {
    const machine = bench.addNode(node);
    const id = await bench.send(node);
    await bench.clock.advance(1);
    machine.online = false;
    await bench.ok('CancelCommand', { CommandId: id });
    await bench.clock.advance(60_000);
    assert.equal((await bench.invocation(id, node))['Status'], 'Cancelling');
    assert.equal(machine.requests[0]?.signal.aborted, false);
  });

  it('that ran when the process ended has failed once the instance is back; results before stay', async () => {
    const machine = bench.addNode(node);
    const finished = await bench.send(node);
    await bench.clock.advance(1);
    machine.finish({ stdout: 'kept' });
    await bench.clock.advance(1);
    const running = await bench.send(node);
    await bench.clock.advance(1);
    const stoppedAt = bench.clock.now();
    await bench.close(true);
    const again = await openSsmBench({ directory: bench.directory });
    try {
      const back = again.addNode(node);
      back.online = false;
      await again.clock.advance(stoppedAt - again.clock.now() + 1);
      assert.equal((await again.invocation(finished, node))['StandardOutputContent'], 'kept');
      assert.equal((await again.invocation(running, node))['Status'], 'InProgress');
      back.online = true;
      await again.clock.advance(500);
      const seen = await again.invocation(running, node);
      assert.equal(seen['Status'], 'Failed');
      assert.match(String(seen['StandardErrorContent']), /document process failed unexpectedly/);
    } finally {
      await again.close();
    }
  });
});
