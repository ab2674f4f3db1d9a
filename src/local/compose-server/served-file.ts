/** Finds the file of a request's path, and sends a part of it at a given pace. */
import type { FileHandle } from 'node:fs/promises';
import { open, realpath } from 'node:fs/promises';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ServedFile {
  handle: FileHandle;
  sizeBytes: number;
  /** A strong ETag: it changes with size and time of modification. */
  etag: string;
  lastModified: string;
}

export interface Pace {
  bytesPerSecond?: number | undefined;
  /** Closes the connection after this many bytes of the body. */
  truncateAfterBytes?: number | undefined;
  /** Stops sending after this many bytes and leaves the connection open. */
  stallAfterBytes?: number | undefined;
  /** Pauses at `afterBytes` of the file until `until` settles; requests that begin behind them do not pause. */
  hold?: { readonly afterBytes: number; readonly until: Promise<unknown> } | undefined;
}

const chunkBytes = 64 * 1024;
const flushPollMs = 5;

/** The decoded path of a URL; undefined when it is malformed or contains `..`. */
export function requestedPath(url: string): string | undefined {
  try {
    const decoded = decodeURIComponent(url.replace(/[?#].*$/s, ''));
    if (!decoded.startsWith('/') || decoded.includes('\0')) return undefined;
    return decoded.split(/[/\\]/).includes('..') ? undefined : decoded;
  } catch {
    return undefined;
  }
}

/** Opens a regular file in `root` (a real path); undefined when it is missing or a link leads out. */
export async function openServedFile(
  root: string,
  requested: string,
): Promise<ServedFile | undefined> {
  let handle: FileHandle | undefined;
  try {
    const file = await realpath(path.join(root, requested));
    if (!file.startsWith(root + path.sep)) return undefined;
    handle = await open(file, 'r');
    const stats = await handle.stat();
    if (!stats.isFile()) throw new Error('not a regular file');
    return {
      handle,
      sizeBytes: stats.size,
      etag: `"${stats.size.toString(16)}-${Math.floor(stats.mtimeMs * 1000).toString(16)}"`,
      lastModified: stats.mtime.toUTCString(),
    };
  } catch {
    await handle?.close();
    return undefined;
  }
}

/** Sends what `read` returns for `[first, first + length)`; calls `sent` with each chunk's size. */
export async function sendPaced(
  response: ServerResponse,
  body: { first: number; length: number; read: (at: number, length: number) => Promise<Buffer> },
  pace: Pace,
  sent: (bytes: number) => void,
): Promise<void> {
  const limit = Math.min(pace.truncateAfterBytes ?? Infinity, pace.stallAfterBytes ?? Infinity);
  const end = Math.min(body.length, limit);
  // At least ten chunks a second, so that a slow pace is even.
  const chunk = Math.max(
    1,
    Math.min(chunkBytes, Math.floor((pace.bytesPerSecond ?? Infinity) / 10)),
  );
  const startedAt = performance.now();
  let done = 0;
  const { hold } = pace;
  let held = hold !== undefined && body.first < hold.afterBytes;
  while (done < end && !response.destroyed) {
    if (hold !== undefined && held && body.first + done >= hold.afterBytes) {
      held = false;
      await unlessClosed(response, () => hold.until);
    }
    const bytes = await body.read(body.first + done, Math.min(chunk, end - done));
    if (bytes.length === 0) break;
    done += bytes.length;
    if (pace.bytesPerSecond !== undefined) {
      // Wait before sending, so that the last chunk also takes its time.
      const aheadMs = (done / pace.bytesPerSecond) * 1000 - (performance.now() - startedAt);
      if (aheadMs > 0) await sleep(aheadMs);
    }
    const flowing = response.write(bytes);
    sent(bytes.length);
    if (!flowing) await unlessClosed(response, (signal) => once(response, 'drain', { signal }));
  }
  if (done === body.length) return void response.end();
  if (done === pace.stallAfterBytes && !response.destroyed) {
    await once(response, 'close');
    return;
  }
  await flushed(response);
  response.destroy();
}

/** Waits for `wait`, or until the reader has closed the connection. */
async function unlessClosed(
  response: ServerResponse,
  wait: (signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  // The reader left while the bytes were read: no further event will come.
  if (response.destroyed) return;
  const stop = new AbortController();
  const waits = [wait(stop.signal), once(response, 'close', { signal: stop.signal })];
  await Promise.race(waits.map((one) => one.catch(() => undefined)));
  stop.abort();
}

/** Waits until all written bytes have left this process: `destroy` would discard them. */
async function flushed(response: ServerResponse): Promise<void> {
  // Poll, because `drain` comes only after a write that had to wait.
  while (!response.destroyed && response.writableLength > 0) await sleep(flushPollMs);
}
