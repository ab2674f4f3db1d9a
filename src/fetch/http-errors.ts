/** What an HTTP status or a network error means: final or not, and what to do. */
import { DownloadError, SourceError } from './errors.js';
import { printableUrl } from '../model/printable.js';
import { ProxyError } from '../proxy/proxy-error.js';

const RETRIED = 'wait: fedimg tries again; if it lasts, ask the people who run the server';

/** The error for a status other than success. */
export function statusError(status: number, url: string): DownloadError {
  const what = `${printableUrl(url)} answers with status ${status}`;
  if (status === 404 || status === 410) {
    return new DownloadError('NOT_FOUND', what, {
      status,
      next: 'check the URL; if the compose has been removed, signal a newer one',
    });
  }
  if (status === 401 || status === 403 || status === 407) {
    return new DownloadError('FORBIDDEN', what, {
      status,
      next: 'make the file readable without credentials',
    });
  }
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    return new DownloadError('SERVER_ERROR', what, { status, next: RETRIED, retryable: true });
  }
  return new DownloadError('HTTP_STATUS', what, { status, next: 'check the URL and the server' });
}

/** Faults of certificates and TLS, which last until somebody corrects them. */
const TLS_CODE =
  /^(?:ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|EPROTO$|HOSTNAME_)/;

/** The error for a connection that failed. */
export function networkError(error: unknown, url: string): SourceError {
  if (error instanceof SourceError) return error;
  if (error instanceof ProxyError) {
    const what = `${printableUrl(url)} cannot be fetched: ${error.message}`;
    return new DownloadError('PROXY', what, { next: error.next, retryable: true, cause: error });
  }
  const code = errorCode(error);
  const what = `${printableUrl(url)} cannot be fetched: ${code}`;
  if (TLS_CODE.test(code)) {
    const next = 'correct the certificate or the TLS setting of the server';
    return new DownloadError('TLS', what, { next, cause: error });
  }
  const next = /^(?:ENOTFOUND|EAI_)/.test(code)
    ? 'check the host name and the resolver; fedimg tries again'
    : 'check that this machine can reach the server; fedimg tries again';
  return new DownloadError('UNREACHABLE', what, { next, retryable: true, cause: error });
}

/** The system's error code; after several addresses, the code of the first. */
function errorCode(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return errorCode(error.errors[0]);
  if (error instanceof Error) {
    const { code } = error as NodeJS.ErrnoException;
    return typeof code === 'string' ? code : error.message;
  }
  return String(error);
}
