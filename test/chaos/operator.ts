/** The operator of a run: acts when the schedule says so, and approves the image when it waits for that. */

import { setTimeout as delay } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import {
  approveUpdate,
  imageProgressQuery,
  pauseUpdate,
  resumeUpdate,
  retryRegionsUpdate,
  skipRegionsUpdate,
} from '../../src/contract.js';
import type { ImageProgress } from '../../src/model/progress/progress.js';
import type { Act, Fault } from './fault.js';

const BY = { by: 'chaos' };
const LOOK_MS = 200;

/** Resolves when the run has taken or refused the act, or is closed. Workers and the server may die meanwhile. */
export async function operatorActs(
  handle: WorkflowHandle,
  kind: Act,
  { at: { region }, forMs = 1_000 }: Fault,
): Promise<void> {
  const input = { ...BY, regions: [region] };
  switch (kind) {
    case 'retry': {
      const isWaiting = ({ regions }: ImageProgress) =>
        regions.some((one) => one.region === region && RETRIABLE.includes(one.state));
      const retries = () => handle.executeUpdate(retryRegionsUpdate, { args: [input] });
      if (await untilProgress(handle, isWaiting)) await untilAnswered(handle, retries);
      return;
    }
    case 'skip':
      return untilAnswered(handle, () =>
        handle.executeUpdate(skipRegionsUpdate, { args: [input] }),
      );
    case 'pause':
      await untilAnswered(handle, () => handle.executeUpdate(pauseUpdate, { args: [BY] }));
      await delay(forMs);
      return untilAnswered(handle, () => handle.executeUpdate(resumeUpdate, { args: [BY] }));
    case 'approve':
      return untilAnswered(handle, () => handle.executeUpdate(approveUpdate, { args: [BY] }));
  }
}

/** Resolves when the image is approved, or its run is closed. */
export async function approveInTime(handle: WorkflowHandle): Promise<void> {
  const waits = ({ hold }: ImageProgress) => hold?.for === 'approval';
  while (await untilProgress(handle, waits)) {
    await untilAnswered(handle, () => handle.executeUpdate(approveUpdate, { args: [BY] }));
  }
}

const RETRIABLE = ['waiting-for-operator', 'failed', 'left-out'];

/** False when the run closes before. */
async function untilProgress(
  handle: WorkflowHandle,
  holds: (progress: ImageProgress) => boolean,
): Promise<boolean> {
  while (await isOpen(handle)) {
    const progress = await handle.query(imageProgressQuery).catch(() => undefined);
    if (progress !== undefined && holds(progress)) return true;
    await delay(LOOK_MS);
  }
  return false;
}

/** An update whose workflow task was on a killed worker may get no answer: the operator asks again, as with the commands. */
const ANSWER_MS = 15_000;

/** A refusal is an answer. */
async function untilAnswered(handle: WorkflowHandle, act: () => Promise<unknown>): Promise<void> {
  while (await isOpen(handle)) {
    try {
      await handle.client.withDeadline(Date.now() + ANSWER_MS, act);
      return;
    } catch (error) {
      if (error instanceof WorkflowUpdateFailedError) return;
      await delay(LOOK_MS);
    }
  }
}

/** Also while the server does not answer. */
async function isOpen(handle: WorkflowHandle): Promise<boolean> {
  try {
    return (await handle.describe()).status.name === 'RUNNING';
  } catch {
    return true;
  }
}
