import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import type { PutSnapshotBlockCommand } from '@aws-sdk/client-ebs';
import { BlockSlots } from '../../src/aws/ebs/block-slots.js';
import { BlockWriter } from '../../src/aws/ebs/put-blocks.js';
import type { RegionAccess } from '../../src/aws/region-access.js';
import { VirtualClock } from '../support/virtual-clock.js';

interface Call {
  readonly index: number | undefined;
  readonly signal: AbortSignal;
  readonly answer: (error?: Error) => void;
}

/** A region whose answers the test gives. */
function heldRegion(): { readonly ec2: RegionAccess; readonly calls: readonly Call[] } {
  const clock = new VirtualClock({ jumps: true });
  const calls: Call[] = [];
  const send = (
    { input }: PutSnapshotBlockCommand,
    { abortSignal: signal }: { readonly abortSignal: AbortSignal },
  ): Promise<void> =>
    new Promise((resolve, reject) => {
      const answer = (error?: Error): void => (error === undefined ? resolve() : reject(error));
      signal.addEventListener('abort', () => answer(signal.reason as Error));
      calls.push({ index: input.BlockIndex, signal, answer });
    });
  const settings = { visibilityMs: 1_000 };
  const ec2 = {
    name: 'us-east-1',
    ebs: { send },
    clock,
    settings,
    blockSlots: new BlockSlots(clock),
  };
  return { ec2: ec2 as unknown as RegionAccess, calls };
}

async function put(writer: BlockWriter, ...indexes: readonly number[]): Promise<void> {
  for (const index of indexes) writer.put(index, await writer.place(), Buffer.alloc(32));
  // They wait for their pace.
  await turn();
}

describe('blocks that are written many at a time', () => {
  it('count as written only with all those before them', async () => {
    const { ec2, calls } = heldRegion();
    const writer = new BlockWriter(ec2, 'snap-1', new AbortController().signal);
    await put(writer, 0, 1, 2);
    calls[1]?.answer();
    calls[2]?.answer();
    await turn();
    assert.equal(writer.through, 0);
    calls[0]?.answer();
    await writer.settled();
    assert.equal(writer.through, 3);
  });

  it('end with the first that EBS refuses, and that one does not count as written', async () => {
    const { ec2, calls } = heldRegion();
    const writer = new BlockWriter(ec2, 'snap-1', new AbortController().signal);
    await put(writer, 0, 1, 2);
    calls[0]?.answer();
    const refusal = new Error('no');
    calls[1]?.answer(refusal);
    await assert.rejects(writer.settled(), refusal);
    assert.equal(writer.through, 1);
    assert(calls[2]?.signal.aborted, 'what is under way is ended');
    await assert.rejects(put(writer, 3), refusal);
    assert.equal(calls.length, 3);
  });
});
