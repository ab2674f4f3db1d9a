/** Streams a file as an HTTP answer, whole or one range of it. */

import fs from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';

interface Range {
  readonly start: number;
  /** Inclusive. */
  readonly end: number;
}

/**
 * Sends the file. The ETag names its inode: two snapshots with the same ETag share their bytes, so a
 * checker of many copies reads only one.
 */
export async function sendFile(
  message: IncomingMessage,
  response: ServerResponse,
  file: string,
  contentType: string,
): Promise<void> {
  const handle = await fs.promises.open(file, 'r');
  try {
    const { size, ino } = await handle.stat();
    const headers = {
      'content-type': contentType,
      'accept-ranges': 'bytes',
      etag: `"${ino}-${size}"`,
    };
    const range = readRange(message.headers.range, size);
    if (range === 'unsatisfiable') {
      response.writeHead(416, { 'content-range': `bytes */${size}` }).end();
      return;
    }
    const { start, end } = range ?? { start: 0, end: size - 1 };
    response.writeHead(range === undefined ? 200 : 206, {
      ...headers,
      'content-length': end - start + 1,
      ...(range === undefined ? {} : { 'content-range': `bytes ${start}-${end}/${size}` }),
    });
    if (message.method === 'HEAD' || size === 0) return void response.end();
    const bytes = handle.createReadStream({
      start,
      end,
      highWaterMark: 1024 * 1024,
      autoClose: false,
    });
    await pipeline(bytes, response);
  } catch (error) {
    // The reader disconnected in the middle.
    if (!message.socket.destroyed) throw error;
  } finally {
    await handle.close();
  }
}

/** One range of bytes; several, and other units, are ignored as HTTP allows. */
function readRange(header: string | undefined, size: number): Range | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return undefined;
  const start = match[1] === '' ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const end = match[1] === '' || match[2] === '' ? size - 1 : Math.min(size - 1, Number(match[2]));
  return start > end || start >= size ? 'unsatisfiable' : { start, end };
}
