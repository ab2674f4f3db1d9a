/** How soon the next worker is at work after the first was killed, beyond the time in which Temporal notices it. */

import type { WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { optionalTsToMs } from '@temporalio/common/lib/time.js';
import type { Heartbeat } from '../src/model/progress/heartbeat.js';
import { holdDownload } from '../test/support/held-download.js';
import { withPublisher } from '../test/support/local-publisher.js';
import { oneImage } from '../test/support/one-image.js';
import { until } from '../test/support/until.js';
import { withWorkers } from '../test/support/worker-process.js';
import type { Result } from './row.js';

const RUNS = 3;

interface PendingWrite {
  readonly attempt: number;
  readonly beatMs: number;
  readonly timeoutMs: number;
}

export default async function run(): Promise<Result> {
  const beyond: number[] = [];
  for (let one = 0; one < RUNS; one += 1) beyond.push(await killOnce());
  beyond.sort((one, other) => one - other);
  const row = { figure: 'SIGKILL to first progress, beyond the heartbeat time-out', unit: 's' };
  const worst = Math.max(...beyond);
  return {
    rows: [
      { ...row, variant: `writing, worst of ${RUNS}`, value: worst, goal: '< 3' },
      { ...row, variant: 'writing, median', value: beyond[Math.floor(RUNS / 2)] ?? NaN },
    ],
  };
}

/** The second worker is ready when the first is killed, as in a deployment of two. Answers seconds. */
function killOnce(): Promise<number> {
  return withPublisher({ worker: false }, async (publisher) => {
    const one = await oneImage(publisher);
    const download = holdDownload(publisher, one);
    return withWorkers(publisher, async (start) => {
      const first = start();
      const handle = await publisher.publish(one.request);
      await download.reached();
      await start().ready;
      await first.kill();
      const { beatMs, timeoutMs } = await pendingWrite(handle);
      await until('the next attempt', async () => {
        const { attempt, beatMs: nextMs } = await pendingWrite(handle);
        return attempt > 1 && nextMs > beatMs;
      });
      const { beatMs: resumedMs } = await pendingWrite(handle);
      download.release();
      await handle.result();
      return (resumedMs - beatMs - timeoutMs) / 1_000;
    });
  });
}

async function pendingWrite(handle: WorkflowHandle): Promise<PendingWrite> {
  const { raw } = await handle.describe();
  const write = raw.pendingActivities?.find((one) => one.activityType?.name === 'writeImage');
  const payload = write?.heartbeatDetails?.payloads?.[0];
  if (!write || !payload) return { attempt: 0, beatMs: 0, timeoutMs: 0 };
  const { timeoutSeconds = 0 }: Heartbeat = defaultPayloadConverter.fromPayload(payload);
  return {
    attempt: write.attempt ?? 1,
    beatMs: optionalTsToMs(write.lastHeartbeatTime) ?? 0,
    timeoutMs: timeoutSeconds * 1_000,
  };
}
