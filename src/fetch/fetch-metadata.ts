/** Downloads untrusted JSON documents, with bounds on bytes, time, depth and number of values. */
import { MetadataError, TooLargeError } from './errors.js';
import { createHttpSession, type HttpSessionOptions } from './http-session.js';
import { JsonError, parseStrictJson } from './strict-json.js';
import { printableUrl } from '../model/printable.js';

/** Fedora's largest images.json has under 2 MiB. */
export const METADATA_BYTES_MAX = 32 * 1024 * 1024;

export interface FetchMetadataOptions extends HttpSessionOptions {
  maxBytes?: number;
}

export interface FetchedMetadata {
  /** Objects have no prototype; no key is there twice. */
  value: unknown;
  /** After redirects. */
  url: string;
  sizeBytes: number;
}

/** Downloads and parses one document. Throws `SourceError`s; what is not JSON is a final `MetadataError`. */
export async function fetchMetadata(
  url: string,
  options: FetchMetadataOptions,
): Promise<FetchedMetadata> {
  const { text, ...rest } = await fetchText(url, 'application/json', options);
  return { value: parse(text, printableUrl(rest.url)), ...rest };
}

/** Downloads one document as it is. Throws `SourceError`s; what is not UTF-8 is a final `MetadataError`. */
export async function fetchText(
  url: string,
  accept: string,
  options: FetchMetadataOptions,
): Promise<{ text: string; url: string; sizeBytes: number }> {
  const maxBytes = options.maxBytes ?? METADATA_BYTES_MAX;
  const session = createHttpSession(options);
  try {
    const response = await session.get(url, { accept });
    const shown = printableUrl(response.url);
    const tooLarge = (): TooLargeError =>
      new TooLargeError(
        `${shown} has more than ${maxBytes} bytes, the limit for metadata`,
        'check that the location is the URL of a compose',
      );
    if (Number(response.headers['content-length'] ?? 0) > maxBytes) throw tooLarge();
    // Frees the bytes before the text is parsed: parsing needs three times as much memory.
    const decoded = decode(await response.read(maxBytes, tooLarge), shown);
    return { ...decoded, url: response.url };
  } finally {
    session.close();
  }
}

const NEXT = 'check that the location is the URL of a compose, and that its metadata is complete';

function decode(body: Buffer, shown: string): { text: string; sizeBytes: number } {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
    return { text, sizeBytes: body.length };
  } catch (cause) {
    const what = `${shown} is not UTF-8 text`;
    throw new MetadataError('METADATA_INVALID', what, { next: NEXT, cause });
  }
}

function parse(text: string, shown: string): unknown {
  try {
    return parseStrictJson(text);
  } catch (cause) {
    if (!(cause instanceof JsonError)) throw cause;
    const what = /^\s*</.test(text)
      ? 'is an HTML page, not JSON'
      : `is refused: it ${cause.message}`;
    throw new MetadataError('METADATA_INVALID', `${shown} ${what}`, { next: NEXT, cause });
  }
}
