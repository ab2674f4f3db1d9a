import assert from 'node:assert/strict';
import { runOnceOnline } from '../../src/activities/guest-unit.js';
import type { RegionAccess } from '../../src/aws/region-access.js';
import { AWS_DEFAULTS } from '../../src/aws/region-access.js';
import { systemClock } from '../../src/aws/system-clock.js';

/** A region whose commands end in these states, one after the other, and are then read like this. */
function regionOf(
  states: readonly string[],
  read: (sent: number) => object = () => ({
    Status: 'Success',
    ResponseCode: 0,
    StandardOutputContent: 'state=running\n',
  }),
): { ec2: RegionAccess; sent: () => number } {
  let sent = 0;
  const region = {
    name: 'us-east-1',
    settings: { ...AWS_DEFAULTS, commandPollIntervalMs: 1 },
    clock: systemClock,
    sentAt: new Map(),
    invocations: {
      wait: (_id: string, judge: (state: unknown) => unknown) =>
        Promise.resolve(judge({ Status: states[sent - 1], StatusDetails: states[sent - 1] })),
    },
    ssm: {
      send: (command: { constructor: { name: string } }) => {
        if (command.constructor.name !== 'SendCommandCommand') {
          return Promise.resolve(read(sent));
        }
        sent += 1;
        return Promise.resolve({ Command: { CommandId: `command-${sent}` } });
      },
    },
  };
  return { ec2: region as unknown as RegionAccess, sent: () => sent };
}

describe('a command on an instance', () => {
  it('is sent again when the agent lost it while it updated itself', async () => {
    const { ec2, sent } = regionOf(['TimedOut', 'TimedOut', 'Success']);
    const result = await runOnceOnline(
      ec2,
      { instanceId: 'i-1' },
      { script: 'true', comment: 'follow' },
      new AbortController().signal,
    );
    assert.equal(result.stdout, 'state=running\n');
    assert.equal(sent(), 3);
  });

  it('has no exit status when it never ran, was killed, or its agent broke down: -1 is not a result', async () => {
    const none = [
      { Status: 'Failed', ResponseCode: -1 },
      { Status: 'Failed' },
      { Status: 'Failed', ResponseCode: 0, StandardOutputContent: 'document process failed' },
    ];
    const own = { Status: 'Failed', ResponseCode: 7, StandardOutputContent: '' };
    const { ec2, sent } = regionOf(
      Array.from({ length: 4 }, () => 'Failed'),
      (count) => none[count - 1] ?? own,
    );
    const result = await runOnceOnline(
      ec2,
      { instanceId: 'i-1' },
      { script: 'exit 7', comment: 'start' },
      new AbortController().signal,
    );
    assert.deepEqual([result.exitStatus, sent()], [7, 4]);
  });

  it('has not failed when its end is listed before its result is to be had', async () => {
    const early = { Status: 'InProgress', ResponseCode: -1, StandardOutputContent: '' };
    const whole = { Status: 'Success', ResponseCode: 0, StandardOutputContent: 'started\n' };
    const { ec2, sent } = regionOf(['Success', 'Success'], (count) =>
      count === 1 ? early : whole,
    );
    const result = await runOnceOnline(
      ec2,
      { instanceId: 'i-1' },
      { script: 'true', comment: 'start' },
      new AbortController().signal,
    );
    assert.deepEqual([result.exitStatus, result.stdout, sent()], [0, 'started\n', 2]);
  });
});
