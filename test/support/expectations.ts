/** What must be true after a run, read from the cloud itself and never from the worker. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, ChildWorkflowFailure } from '@temporalio/common';
import type { LocalPublisher } from './local-publisher.js';

/** No resource of any kind is alive. */
export async function assertNothingLeft(publisher: LocalPublisher): Promise<void> {
  assert.deepEqual(await publisher.resources(), []);
}

/** No instance and no volume is alive; AMIs and snapshots may be. */
export async function assertNoMachineLeft(publisher: LocalPublisher): Promise<void> {
  const alive = await publisher.resources();
  assert.deepEqual(
    alive.filter(({ type }) => type === 'instance' || type === 'volume'),
    [],
  );
}

/** sha256 of the snapshot's first bytes; the rest of it is not read. */
export async function imageSha256(
  publisher: LocalPublisher,
  snapshot: { readonly region: string; readonly id: string },
  imageBytes: number,
): Promise<string> {
  const hash = createHash('sha256');
  let left = imageBytes;
  for await (const chunk of await chunksOf(publisher, snapshot)) {
    hash.update(chunk.subarray(0, left));
    left -= chunk.length;
    if (left <= 0) break;
  }
  return hash.digest('hex');
}

async function chunksOf(
  publisher: LocalPublisher,
  { region, id }: { readonly region: string; readonly id: string },
): Promise<AsyncIterable<Uint8Array>> {
  const response = await publisher.snapshotBytes(region, id);
  assert.equal(response.status, 200);
  assert(response.body !== null, 'no body');
  return response.body;
}

/** The failure that a run ended with. */
export async function failureOf(result: Promise<unknown>): Promise<ApplicationFailure> {
  try {
    await result;
  } catch (error) {
    assert(error instanceof WorkflowFailedError, String(error));
    const cause = error.cause instanceof ChildWorkflowFailure ? error.cause.cause : error.cause;
    assert(cause instanceof ApplicationFailure, String(cause));
    return cause;
  }
  throw new assert.AssertionError({ message: 'the run did not fail' });
}
