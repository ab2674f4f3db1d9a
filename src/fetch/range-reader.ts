/** Reads pieces of a file on an HTTP server, and detects when the file changes in between. */
import { DownloadError, RangesUnsupportedError } from './errors.js';
import { statusError } from './http-errors.js';
import type { HttpResponse, HttpSession } from './http-session.js';
import { printableUrl } from '../model/printable.js';

/** A file that can be read in pieces. */
export interface RandomAccess {
  sizeBytes: number;
  /** Exactly `length` bytes from `offset`. */
  read(offset: number, length: number): Promise<Buffer>;
}

/** A file on a server, opened by reading its first bytes. */
export interface RemoteFile extends RandomAccess {
  /** After redirects. */
  url: string;
  head: Buffer;
}

interface ContentRange {
  start: number;
  end: number;
  sizeBytes: number;
}

/**
 * Opens a file with a request for its first `headBytes`. When the server sends the whole file instead,
 * `onNoRanges` gets the first bytes before `RangesUnsupportedError` is thrown.
 */
export async function openRemoteFile(
  session: HttpSession,
  url: string,
  headBytes: number,
  onNoRanges: (head: Buffer) => void,
): Promise<RemoteFile> {
  const response = await session.get(url, { range: `bytes=0-${headBytes - 1}` });
  const shown = printableUrl(response.url);
  if (response.status === 416 || isEmpty(response)) {
    // A range from byte 0 is unsatisfiable only when the file is empty.
    return { url: response.url, sizeBytes: 0, head: Buffer.alloc(0), read: () => fail(shown) };
  }
  const range = contentRange(response);
  if (response.status !== 206 || range?.start !== 0 || range.end >= headBytes) {
    onNoRanges(await response.peek(headBytes));
    const length = Number(response.headers['content-length'] ?? Number.NaN);
    throw new RangesUnsupportedError(
      response.url,
      `the server of ${shown} supports no range requests (status ${response.status})`,
      response.status === 200 && Number.isSafeInteger(length) ? length : undefined,
    );
  }
  const { sizeBytes } = range;
  const etag = response.headers.etag;
  const head = await readRange(response, range);
  const read = async (offset: number, length: number): Promise<Buffer> => {
    const end = offset + length - 1;
    const piece = await session.get(response.url, { range: `bytes=${offset}-${end}` });
    const got = contentRange(piece);
    const same = got?.sizeBytes === sizeBytes && piece.headers.etag === etag;
    if (piece.status === 416 || (got && !same)) throw changed(shown);
    if (piece.status !== 206 || got?.start !== offset || got.end !== end) {
      throw new RangesUnsupportedError(
        piece.url,
        `the server of ${shown} answers with another range than requested (status ${piece.status})`,
        sizeBytes,
      );
    }
    return readRange(piece, got);
  };
  return { url: response.url, sizeBytes, head, read };
}

function isEmpty(response: HttpResponse): boolean {
  return response.status === 200 && response.headers['content-length'] === '0';
}

/** The body of a range; a wrong length is a fault of the network, not of the file. */
async function readRange(response: HttpResponse, range: ContentRange): Promise<Buffer> {
  const wanted = range.end - range.start + 1;
  const wrong = (bytes: number): DownloadError =>
    new DownloadError(
      'UNREACHABLE',
      `${printableUrl(response.url)} sent ${bytes} bytes for a range of ${wanted}`,
      { next: 'check whether a proxy cuts answers; fedimg tries again', retryable: true },
    );
  const body = await response.read(wanted, wrong);
  if (body.length !== wanted) throw wrong(body.length);
  return body;
}

function contentRange(response: HttpResponse): ContentRange | undefined {
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(
    response.headers['content-range'] ?? '',
  );
  if (!match) return undefined;
  const [start, end, sizeBytes] = match.slice(1).map(Number) as [number, number, number];
  return start <= end && end < sizeBytes ? { start, end, sizeBytes } : undefined;
}

function changed(shown: string): DownloadError {
  return new DownloadError('CHANGED_WHILE_READ', `${shown} changed while it was read`, {
    next: 'check whether the file is still being uploaded; fedimg tries again',
    retryable: true,
  });
}

function fail(shown: string): Promise<Buffer> {
  return Promise.reject(statusError(416, shown));
}
