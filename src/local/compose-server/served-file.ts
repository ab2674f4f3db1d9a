/** Which file a request's path names, and sending a part of it at a given pace. */
import type { FileHandle } from 'node:fs/promises';
import { open, realpath } from 'node:fs/promises';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ServedFile {
  handle: FileHandle;
  sizeBytes: number;
  /** A strong one: it changes with size and time of modification. */
  etag: string;
  lastModified: string;
}

export interface Pace {
  bytesPerSecond?: number | undefined;
  /** Closes the connection behind so many bytes of the body. */
  truncateAfterBytes?: number | undefined;
  /** Sends nothing more behind so many bytes, and leaves the connection open. */
  stallAfterBytes?: number | undefined;
  /** Sends what lies behind so many bytes of the file, to whoever asked from before them, once this is settled. */
  hold?: { readonly afterBytes: number; readonly until: Promise<unknown> } | undefined;
}

const chunkBytes = 64 * 1024;
const flushPollMs = 5;

/** The path in a URL, decoded; undefined when it is malformed or steps out of the folder by its text. */
export function requestedPath(url: string): string | undefined {
  try {
    const decoded = decodeURIComponent(url.replace(/[?#].*$/s, ''));
    if (!decoded.startsWith('/') || decoded.includes('\0')) return undefined;
    return decoded.split(/[/\\]/).includes('..') ? undefined : decoded;
  } catch {
    return undefined;
  }
}

/** Opens a regular file in `root` (a real path); undefined when there is none, or a link leads out. */
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

/** Sends what `read` gives for `[first, first + length)`; `sent` is told every chunk's size. */
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
      // Before the bytes, not behind them: the last chunk, too, takes its time.
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

/** Until what is waited for has come, or the reader has gone away. */
async function unlessClosed(
  response: ServerResponse,
  wait: (signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  // It went away while the bytes were read: no event is left to wait for.
  if (response.destroyed) return;
  const stop = new AbortController();
  const waits = [wait(stop.signal), once(response, 'close', { signal: stop.signal })];
  await Promise.race(waits.map((one) => one.catch(() => undefined)));
  stop.abort();
}

/** Until what was written has left this process; `destroy` would take it back. */
async function flushed(response: ServerResponse): Promise<void> {
  // No event tells it: `drain` comes only behind a write that was told to wait.
  while (!response.destroyed && response.writableLength > 0) await sleep(flushPollMs);
}
