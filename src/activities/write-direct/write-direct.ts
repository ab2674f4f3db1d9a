/** Writes an image to a snapshot without an instance: streams, unpacks, puts its blocks, completes it and reads it back. */

import { activityInfo } from '@temporalio/activity';
import { clientToken } from '../../aws/client-token.js';
import {
  completeDirectSnapshot,
  ensureDirectSnapshot,
  snapshotLost,
} from '../../aws/ebs/direct-snapshot.js';
import { BlockWriter, NotPendingError } from '../../aws/ebs/put-blocks.js';
import { obstacleSink } from '../../aws/obstacles.js';
import type { RegionAccess } from '../../aws/region-access.js';
import { isSnapshotComplete, waitUntilSnapshotComplete } from '../../aws/snapshots.js';
import { addTags } from '../../aws/tags.js';
import { download } from '../../fetch/download.js';
import type { SourceError } from '../../fetch/errors.js';
import { inRegion } from '../../model/ids/own-tags.js';
import { originTags, RESULT_STATE, stepKey, TAG } from '../../model/ids/tags.js';
import { printable } from '../../model/printable.js';
import type {
  DirectWrite,
  Heartbeat,
  Obstacle,
  StreamedImage,
} from '../../model/progress/heartbeat.js';
import { redacted } from '../../model/redact.js';
import type { WriteDirectInput, WrittenSnapshot } from '../shapes/image.js';
import type { ActivityContext } from '../attempt/context.js';
import { heartbeating, waitingFor } from '../attempt/heartbeat.js';
import { writeRefused } from '../write.js';
import { ImageBlocks } from './image-blocks.js';
import { readBack } from './read-back.js';
import type { Refusal } from './unpack-image.js';
import { unpackImage } from './unpack-image.js';

const GIB = 1024 ** 3;

/** Between two reports of the bytes: a block takes a few milliseconds. */
const REPORT_MS = 250;

/** Goes on where the last heartbeat of an earlier attempt stood. */
export function writeDirect(
  context: ActivityContext,
  input: WriteDirectInput,
): Promise<WrittenSnapshot> {
  const earlier = earlierWrite();
  const first = { ...waitingFor('new snapshot'), ...(earlier ? { direct: earlier } : {}) };
  return heartbeating(first, async (report, signal) => {
    const write = new DirectWriting(context, input, { report, signal });
    const snapshot = earlier?.snapshot ?? (await write.start());
    const streamed = earlier?.streamed ?? (await write.stream(snapshot, earlier?.through ?? 0));
    await write.complete(snapshot, streamed);
    await write.readBack(snapshot, streamed);
    const { sha256, rawSha256, rawSizeBytes } = streamed;
    return { regionName: input.regionName, snapshot, sha256, rawSha256, rawSizeBytes };
  });
}

/** xz cannot go on in the middle: the next attempt reads the image anew, and puts only the blocks that are missing. */
function earlierWrite(): DirectWrite | undefined {
  const { direct } = (activityInfo().heartbeatDetails ?? {}) as Partial<Heartbeat>;
  return direct;
}

interface Attempt {
  readonly report: (beat: Heartbeat) => void;
  readonly signal: AbortSignal;
}

class DirectWriting {
  readonly #context: ActivityContext;
  readonly #input: WriteDirectInput;
  readonly #attempt: Attempt;
  readonly #ec2: RegionAccess;

  constructor(context: ActivityContext, input: WriteDirectInput, attempt: Attempt) {
    this.#context = context;
    this.#input = input;
    this.#attempt = attempt;
    this.#ec2 = context.aws.region(input.regionName);
  }

  async start(): Promise<string> {
    const { regionName, direct, generation } = this.#input;
    const origin = inRegion(this.#input.origin, regionName);
    const { workflowId, runId, image, composeId } = origin;
    const generationTag = { 'fedimg:generation': String(generation) };
    const snapshot = await ensureDirectSnapshot(
      this.#ec2,
      {
        token: clientToken(workflowId, runId, 'snapshot', generation),
        key: { ...stepKey(origin, 'snapshot'), ...generationTag },
        // The hash of the raw image comes later: it is known at the end of the image.
        tags: {
          ...originTags(origin, 'snapshot', image),
          ...generationTag,
          [TAG.state]: RESULT_STATE.unfinished,
        },
        description: `${image} (${composeId})`,
        sizeGiB: direct.snapshotSizeGiB,
        idleMinutes: direct.idleMinutes,
      },
      this.#attempt.signal,
    );
    this.#attempt.report({ ...waitingFor('new snapshot'), direct: { snapshot, through: 0 } });
    return snapshot;
  }

  /** Writes the image to the snapshot. An earlier attempt may have completed it without leaving a heartbeat. */
  async stream(snapshot: string, from: number): Promise<StreamedImage> {
    try {
      return await this.#stream(snapshot, from);
    } catch (error) {
      if (!(error instanceof NotPendingError)) throw error;
      const isComplete = await isSnapshotComplete(this.#ec2, snapshot, this.#attempt.signal);
      if (!isComplete) throw snapshotLost(this.#ec2, `snapshot ${snapshot}`, error);
      return this.#stream(snapshot, Infinity);
    }
  }

  async #stream(snapshot: string, from: number): Promise<StreamedImage> {
    const { sha256, rawSizeBytes, direct } = this.#input;
    const { signal, report } = this.#attempt;
    const writer = new BlockWriter(this.#ec2, snapshot, signal, () => show());
    const blocks = new ImageBlocks(writer, from);
    const show = atIntervals(() => {
      const through = Number.isFinite(from) ? Math.max(from, writer.through) : 0;
      report({
        ...{ version: 1, kind: 'write', phase: 'write' },
        ...{ bytes: blocks.bytes, totalBytes: rawSizeBytes ?? 0 },
        direct: { snapshot, through },
      });
    });
    try {
      const unpacking = await unpackImage(
        {
          ...{ sha256, rawSizeBytes, volumeBytes: direct.snapshotSizeGiB * GIB },
          open: (until) => this.#download(until),
        },
        async (bytes) => {
          await blocks.take(bytes);
          show();
        },
        signal,
      );
      if ('refusal' in unpacking) throw this.#refused(snapshot, unpacking.refusal);
      const streamed = { ...unpacking, ...(await blocks.finish()) };
      report({
        ...waitingFor('snapshot'),
        direct: { snapshot, through: writer.through, streamed },
      });
      return streamed;
    } finally {
      blocks.close();
      await writer.close();
    }
  }

  #download(signal: AbortSignal): AsyncIterable<Buffer> {
    const { url, minRateBytesPerSecond } = this.#input;
    const { urlPolicy: policy, clock } = this.#context;
    const sink = obstacleSink();
    return download(url, {
      ...{ policy, clock, signal, minRateBytesPerSecond },
      onObstacle: (error, retryInMs) =>
        sink?.('download', error && downloadHindrance(error, retryInMs)),
    });
  }

  async complete(snapshot: string, streamed: StreamedImage): Promise<void> {
    const ec2 = this.#ec2;
    const { signal, report } = this.#attempt;
    await completeDirectSnapshot(ec2, snapshot, streamed, signal);
    const direct = directOf(snapshot, streamed);
    await waitUntilSnapshotComplete(ec2, snapshot, {
      signal,
      onProgress: (percent) => report({ ...waitingFor(`snapshot ${snapshot}`, percent), direct }),
    });
  }

  async readBack(snapshot: string, streamed: StreamedImage): Promise<void> {
    const { signal, report } = this.#attempt;
    const { rawSha256, rawSizeBytes } = streamed;
    const direct = directOf(snapshot, streamed);
    let bytes = 0;
    const show = atIntervals(() =>
      report({
        ...{ version: 1, kind: 'write', phase: 'read-back', bytes, totalBytes: rawSizeBytes },
        direct,
      }),
    );
    const onProgress = (now: number): void => {
      bytes = now;
      show();
    };
    const wanted = { snapshot, rawSha256, rawSizeBytes, onProgress };
    const refusal = await readBack(this.#ec2, wanted, signal);
    if (refusal !== undefined) throw this.#refused(snapshot, refusal);
    // Only a snapshot with the hash in its tag can become public.
    await addTags(this.#ec2, [snapshot], { [TAG.rawSha256]: rawSha256 }, signal);
  }

  #refused(resource: string, refusal: Refusal): Error {
    const { url, regionName: region } = this.#input;
    return writeRefused(url, { region, resource }, refusal);
  }
}

function downloadHindrance({ message }: SourceError, retryInMs: number): Omit<Obstacle, 'since'> {
  return {
    class: 'unreachable',
    message: printable(redacted(`the image server does not serve the worker: ${message}`)),
    nextTryAt: new Date(Date.now() + retryInMs).toISOString(),
  };
}

function directOf(snapshot: string, streamed: StreamedImage): DirectWrite {
  return { snapshot, through: 0, streamed };
}

/** Calls `act` at most every so often. */
function atIntervals(act: () => void): () => void {
  let nextMs = 0;
  return () => {
    const now = performance.now();
    if (now < nextMs) return;
    nextMs = now + REPORT_MS;
    act();
  };
}
