/** The errors of fetching: each says whether another attempt can succeed, and what the operator does. */
import { printableAscii } from '../model/printable.js';
import { redacted } from '../model/redact.js';

/** Stable names of the errors below, for logs, tests and the operator's search. */
export type SourceErrorCode =
  | 'URL_REFUSED'
  | 'ADDRESS_REFUSED'
  | 'REDIRECT_REFUSED'
  | 'NOT_FOUND'
  | 'FORBIDDEN'
  | 'HTTP_STATUS'
  | 'SERVER_ERROR'
  | 'UNREACHABLE'
  | 'PROXY'
  | 'TLS'
  | 'TIMEOUT'
  | 'TOO_SLOW'
  | 'TOO_LARGE'
  | 'METADATA_INVALID'
  | 'COMPOSE_MISMATCH'
  | 'CHANGED_WHILE_READ'
  | 'RANGES_UNSUPPORTED'
  | 'NOT_XZ'
  | 'TRUNCATED'
  | 'XZ_CORRUPT';

interface SourceErrorDetails {
  /** What the operator does about it. */
  next: string;
  /** Whether the same request may succeed later. */
  retryable?: boolean;
  cause?: unknown;
}

/** Base of every error in this folder; `message` says what and why, `next` what to do. */
export class SourceError extends Error {
  override readonly name: string = 'SourceError';
  readonly code: SourceErrorCode;
  readonly next: string;
  readonly retryable: boolean;

  constructor(code: SourceErrorCode, message: string, details: SourceErrorDetails) {
    super(
      printableAscii(redacted(message)),
      details.cause === undefined ? undefined : { cause: details.cause },
    );
    this.code = code;
    this.next = printableAscii(redacted(details.next));
    this.retryable = details.retryable ?? false;
  }
}

/** A URL, an address behind it, or a redirect that the configuration does not allow. Final. */
export class UrlRefusedError extends SourceError {
  override readonly name = 'UrlRefusedError';
}

/** The server or the network failed; `status` is there when the server answered. */
export class DownloadError extends SourceError {
  override readonly name = 'DownloadError';
  readonly status?: number;

  constructor(
    code: SourceErrorCode,
    message: string,
    details: SourceErrorDetails & { status?: number },
  ) {
    super(code, message, details);
    if (details.status !== undefined) this.status = details.status;
  }
}

/** Compose metadata that cannot be used as it is. Final. */
export class MetadataError extends SourceError {
  override readonly name = 'MetadataError';
}

/** A download, or the raw size of an image, is over its limit. Final. */
export class TooLargeError extends SourceError {
  override readonly name = 'TooLargeError';

  constructor(message: string, next: string) {
    super('TOO_LARGE', message, { next });
  }
}

/** The server supports no range requests: the raw size is unknown until the image is unpacked. Final. */
export class RangesUnsupportedError extends SourceError {
  override readonly name = 'RangesUnsupportedError';
  /** From the server's headers; absent without them. */
  readonly compressedSizeBytes?: number;
  /** After redirects. */
  readonly url: string;

  constructor(url: string, message: string, compressedSizeBytes?: number) {
    super('RANGES_UNSUPPORTED', message, {
      next: 'the volume gets utility.fallback_volume_size_gib; for a volume of the right size, serve the image from a server with range requests',
    });
    this.url = url;
    if (compressedSizeBytes !== undefined) this.compressedSizeBytes = compressedSizeBytes;
  }
}

/** The file is not xz, despite its name. Final. */
export class NotXzError extends SourceError {
  override readonly name = 'NotXzError';

  constructor(message: string) {
    super('NOT_XZ', message, {
      next: 'check the URL; the image must be a raw disk compressed by xz',
    });
  }
}

/** The file begins as xz and ends too early. Final: the server holds a partial file. */
export class TruncatedError extends SourceError {
  override readonly name = 'TruncatedError';

  constructor(message: string) {
    super('TRUNCATED', message, {
      next: 'put the whole file on the server, then publish again',
    });
  }
}

/** The xz structure contradicts itself. Final. */
export class CorruptXzError extends SourceError {
  override readonly name = 'CorruptXzError';

  constructor(message: string) {
    super('XZ_CORRUPT', message, {
      next: 'build or upload the image again, then publish again',
    });
  }
}
