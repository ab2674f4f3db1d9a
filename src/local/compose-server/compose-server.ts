/** A static HTTP server on loopback for composes and images: ranges, counters, and faults for tests. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { realpath } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseByteRange } from './byte-range.js';
import type { Pace, ServedFile } from './served-file.js';
import { openServedFile, requestedPath, sendPaced } from './served-file.js';

/** A fault of one path. `status` and `body` replace the answer; the other keys disturb its sending. */
export interface ServedFault extends Pace {
  /** Answers with this status instead of the file. */
  status?: number;
  /** Answers with a redirect to this URL. */
  redirectTo?: string;
  /** Answers with this body instead of the file; ranges work as for the file. */
  body?: string | Buffer;
  /** Waits this long before the answer. */
  delayMs?: number;
  /** Applies only to this many requests of the path; default: all. */
  times?: number;
}

export interface RequestCounts {
  get: number;
  head: number;
  /** GETs that were answered with a part of the file. */
  partial: number;
  /** Bytes of the bodies that were sent. */
  bytes: number;
}

export interface ComposeServerOptions {
  directory: string;
  /** Default: a free port. */
  port?: number | undefined;
  /** False: the server ignores ranges and always sends the whole file. */
  ranges?: boolean | undefined;
}

export interface ComposeServer {
  /** `http://127.0.0.1:PORT`, without a slash at its end. */
  readonly url: string;
  readonly port: number;
  /** The requests of a path (`/a/b.raw.xz`) so far. */
  requests(path: string): RequestCounts;
  /** Sets or removes (undefined) the fault of a path. */
  setFault(path: string, fault: ServedFault | undefined): void;
  /** Ends all connections, also those in use. Safe to repeat. */
  close(): Promise<void>;
}

/** Serves the regular files of `directory`, and no file outside of it: neither by `..` nor by a link. */
export async function startComposeServer(options: ComposeServerOptions): Promise<ComposeServer> {
  const root = await realpath(options.directory);
  const counts = new Map<string, RequestCounts>();
  const faults = new Map<string, { fault: ServedFault; left: number }>();
  const countsOf = (path: string): RequestCounts => {
    const found = counts.get(path) ?? { get: 0, head: 0, partial: 0, bytes: 0 };
    counts.set(path, found);
    return found;
  };
  const takeFault = (path: string): ServedFault => {
    const entry = faults.get(path);
    if (entry === undefined || entry.left <= 0) return {};
    entry.left -= 1;
    return entry.fault;
  };
  const server = createServer((request, response) => {
    response.on('error', () => undefined);
    answer(request, response, { root, ranges: options.ranges ?? true, countsOf, takeFault }).catch(
      () => response.destroy(),
    );
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  let closing: Promise<void> | undefined;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests: (path) => ({ ...countsOf(path) }),
    setFault: (path, fault) => {
      if (fault === undefined) faults.delete(path);
      else faults.set(path, { fault, left: fault.times ?? Infinity });
    },
    close: () => (closing ??= closeServer(server)),
  };
}

interface Serving {
  root: string;
  ranges: boolean;
  countsOf: (path: string) => RequestCounts;
  takeFault: (path: string) => ServedFault;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  serving: Serving,
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD');
    return refuse(response, 405, 'only GET and HEAD');
  }
  const path = requestedPath(request.url ?? '');
  if (path === undefined)
    return refuse(response, 400, 'the path is malformed or leaves the folder');
  const counts = serving.countsOf(path);
  counts[request.method === 'GET' ? 'get' : 'head'] += 1;
  const fault = serving.takeFault(path);
  if (fault.delayMs !== undefined) await sleep(fault.delayMs);
  if (fault.redirectTo !== undefined) {
    response.setHeader('Location', fault.redirectTo);
    return refuse(response, 302, 'a redirect was set');
  }
  if (fault.status !== undefined) return refuse(response, fault.status, 'a fault was set');

  const file = await openServedFile(serving.root, path);
  if (file === undefined && fault.body === undefined) return refuse(response, 404, 'not found');
  try {
    const override = fault.body === undefined ? undefined : Buffer.from(fault.body);
    await sendFile(request, response, { file, override, ranges: serving.ranges, counts, fault });
  } finally {
    await file?.handle.close();
  }
}

async function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  what: {
    file: ServedFile | undefined;
    override: Buffer | undefined;
    ranges: boolean;
    counts: RequestCounts;
    fault: ServedFault;
  },
): Promise<void> {
  const { file, override, ranges, counts, fault } = what;
  const sizeBytes = override?.length ?? file?.sizeBytes ?? 0;
  const etag = override === undefined ? (file?.etag ?? '"none"') : `"override-${sizeBytes}"`;
  response.setHeader('ETag', etag);
  if (file !== undefined) response.setHeader('Last-Modified', file.lastModified);
  response.setHeader('Accept-Ranges', ranges ? 'bytes' : 'none');
  response.setHeader('Content-Type', 'application/octet-stream');

  const condition = request.headers['if-range'];
  const unchanged =
    condition === undefined || [etag, file?.lastModified].includes(String(condition));
  const wanted =
    ranges && unchanged && request.method === 'GET' ? request.headers.range : undefined;
  const range = parseByteRange(wanted, sizeBytes);
  if (range.kind === 'unsatisfiable') {
    response.setHeader('Content-Range', `bytes */${sizeBytes}`);
    return refuse(response, 416, 'the range is outside of the file');
  }
  const first = range.kind === 'part' ? range.first : 0;
  const length = range.kind === 'part' ? range.last - first + 1 : sizeBytes;
  if (range.kind === 'part') {
    counts.partial += 1;
    response.statusCode = 206;
    response.setHeader('Content-Range', `bytes ${first}-${range.last}/${sizeBytes}`);
  }
  response.setHeader('Content-Length', length);
  if (request.method === 'HEAD') return void response.end();
  const read = async (at: number, count: number): Promise<Buffer> => {
    if (override !== undefined) return override.subarray(at, at + count);
    const buffer = Buffer.allocUnsafe(count);
    const result = await file?.handle.read(buffer, 0, count, at);
    return buffer.subarray(0, result?.bytesRead ?? 0);
  };
  response.flushHeaders();
  await sendPaced(response, { first, length, read }, fault, (bytes) => {
    counts.bytes += bytes;
  });
}

function refuse(response: ServerResponse, status: number, why: string): void {
  response.statusCode = status;
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.end(`${status}: ${why}\n`);
}

async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
