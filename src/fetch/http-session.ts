/** HTTP requests under a URL policy: every redirect is checked, and time is bounded. */
import * as http from 'node:http';
import * as https from 'node:https';
import { DownloadError, SourceError, UrlRefusedError } from './errors.js';
import { networkError, statusError } from './http-errors.js';
import { printableUrl } from '../model/printable.js';
import { proxyAgents } from '../proxy/agents.js';
import { loginDemand } from '../proxy/environment.js';
import type { UrlPolicy } from './url-policy.js';

/** Bounds of one request. */
export interface HttpLimits {
  /** A connection without a byte for so long is ended. */
  idleMs: number;
  /** From the first connection to the last byte, redirects included. */
  totalMs: number;
}

/** Metadata and indexes have a few MiB at most. */
export const DEFAULT_LIMITS: HttpLimits = { idleMs: 30_000, totalMs: 180_000 };

const REDIRECTS_MAX = 5;
const REDIRECT_STATUSES = new Set([301, 302, 303, 307, 308]);

export interface HttpResponse {
  status: number;
  headers: http.IncomingHttpHeaders;
  /** After redirects. */
  url: string;
  /** The whole body. Throws `TooLargeError` through `tooLarge` above `maxBytes`; ends the connection then. */
  read(maxBytes: number, tooLarge: (seenBytes: number) => SourceError): Promise<Buffer>;
  /** The first bytes of the body, whatever its length; ends the connection. */
  peek(bytes: number): Promise<Buffer>;
  /** The body piece by piece; ends the connection when the caller stops. */
  pieces(): AsyncGenerator<Buffer>;
}

/** Connections for one job; `close` ends them. */
export interface HttpSession {
  get(url: string, headers: Record<string, string>): Promise<HttpResponse>;
  close(): void;
}

export interface HttpSessionOptions {
  policy: UrlPolicy;
  signal?: AbortSignal | undefined;
  limits?: HttpLimits | undefined;
}

/** Opens a session. `signal` ends it, and callers then get the signal's reason. */
export function createHttpSession({ policy, signal, limits }: HttpSessionOptions): HttpSession {
  const { idleMs, totalMs } = limits ?? DEFAULT_LIMITS;
  const agents = proxyAgents({ keepAlive: true, maxSockets: 1, patienceMs: idleMs });
  const deadline = AbortSignal.timeout(totalMs);
  const ended = signal ? AbortSignal.any([signal, deadline]) : deadline;

  const explain = (error: unknown, url: string): unknown => {
    if (signal?.aborted) return signal.reason;
    if (error instanceof SourceError) return error;
    if (deadline.aborted) return timeoutError(url, `after ${totalMs / 1000} s`, error);
    return networkError(error, url);
  };

  const get = async (text: string, headers: Record<string, string>): Promise<HttpResponse> => {
    let url = policy.check(text);
    for (let hop = 0; hop <= REDIRECTS_MAX; hop += 1) {
      const current = url;
      const message = await send(current, headers, { policy, agents, idleMs, ended }).catch(
        (error: unknown) => {
          throw explain(error, current.href);
        },
      );
      const status = message.statusCode ?? 0;
      const demand = loginDemand(current, status);
      if (demand !== undefined) {
        message.destroy();
        throw networkError(demand, current.href);
      }
      if (!REDIRECT_STATUSES.has(status)) {
        return toResponse(message, current.href, (error) => explain(error, current.href));
      }
      message.destroy();
      url = redirectTarget(current, message.headers.location, policy);
    }
    throw new UrlRefusedError(
      'REDIRECT_REFUSED',
      `${printableUrl(text)} redirects more than ${REDIRECTS_MAX} times`,
      { next: 'use the final URL, or correct the server' },
    );
  };

  return {
    get,
    close: () => {
      agents['http:'].destroy();
      agents['https:'].destroy();
    },
  };
}

interface Wire {
  policy: UrlPolicy;
  agents: ReturnType<typeof proxyAgents>;
  idleMs: number;
  ended: AbortSignal;
}

/** Sends one request; resolves when the headers of the answer are there. */
function send(
  url: URL,
  headers: Record<string, string>,
  { policy, agents, idleMs, ended }: Wire,
): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const secure = url.protocol === 'https:';
    const started = (secure ? https : http).request(url, {
      agent: agents[secure ? 'https:' : 'http:'],
      lookup: policy.lookup,
      timeout: idleMs,
      // No encoding: sizes and ranges count the bytes of the file.
      headers: { 'user-agent': 'fedimg', 'accept-encoding': 'identity', ...headers },
    });
    let body: http.IncomingMessage | undefined;
    // If only the request were destroyed, a body that has begun would end as if it were complete.
    const end = (error: Error): void => {
      body?.destroy(error);
      started.destroy(error);
    };
    const abort = (): void => end(new Error('ended', { cause: ended.reason }));
    if (ended.aborted) abort();
    ended.addEventListener('abort', abort, { once: true });
    started.on('close', () => ended.removeEventListener('abort', abort));
    started.on('timeout', () =>
      end(timeoutError(url.href, `without a byte for ${idleMs / 1000} s`)),
    );
    started.on('error', reject);
    started.on('response', (message: http.IncomingMessage) => {
      body = message;
      resolve(message);
    });
    started.end();
  });
}

function toResponse(
  message: http.IncomingMessage,
  url: string,
  explain: (error: unknown) => unknown,
): HttpResponse {
  const status = message.statusCode ?? 0;
  if (status < 200 || (status >= 300 && status !== 416)) {
    message.destroy();
    throw statusError(status, url);
  }
  const encoding = message.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    message.destroy();
    throw new DownloadError('HTTP_STATUS', `${printableUrl(url)} answers with a Content-Encoding`, {
      status,
      next: 'configure the server to send the file without Content-Encoding',
    });
  }
  return {
    status,
    headers: message.headers,
    url,
    read: async (maxBytes, tooLarge) => {
      const chunks: Buffer[] = [];
      let seen = 0;
      try {
        for await (const chunk of message as AsyncIterable<Buffer>) {
          seen += chunk.length;
          if (seen > maxBytes) throw tooLarge(seen);
          chunks.push(chunk);
        }
      } catch (error) {
        throw explain(error);
      }
      return Buffer.concat(chunks);
    },
    peek: async (bytes) => {
      const chunks: Buffer[] = [];
      let seen = 0;
      try {
        for await (const chunk of message as AsyncIterable<Buffer>) {
          seen += chunk.length;
          chunks.push(chunk);
          if (seen >= bytes) break;
        }
      } catch (error) {
        throw explain(error);
      }
      return Buffer.concat(chunks).subarray(0, bytes);
    },
    pieces: async function* () {
      try {
        for await (const chunk of message as AsyncIterable<Buffer>) yield chunk;
      } catch (error) {
        throw explain(error);
      }
    },
  };
}

function redirectTarget(from: URL, location: string | undefined, policy: UrlPolicy): URL {
  let target: string;
  try {
    target = new URL(location ?? '', from).href;
    if (location === undefined) throw new TypeError('no Location');
  } catch (error) {
    throw new UrlRefusedError(
      'REDIRECT_REFUSED',
      `${printableUrl(from.href)} redirects without a valid Location`,
      { next: 'correct the server', cause: error },
    );
  }
  try {
    return policy.check(target);
  } catch (error) {
    if (!(error instanceof UrlRefusedError)) throw error;
    throw new UrlRefusedError(
      'REDIRECT_REFUSED',
      `${printableUrl(from.href)} redirects, and ${error.message}`,
      { next: error.next, cause: error },
    );
  }
}

function timeoutError(url: string, how: string, cause?: unknown): DownloadError {
  return new DownloadError(
    'TIMEOUT',
    `${printableUrl(url)} did not send a complete answer: ended ${how}`,
    {
      next: 'check that the server is up and not overloaded; fedimg tries again',
      retryable: true,
      cause,
    },
  );
}
