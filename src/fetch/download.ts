/** Downloads a large file as a stream that goes on where it was when the connection is lost. */
import type { Clock } from '../model/clock.js';
import { printableUrl } from '../model/printable.js';
import { DownloadError, SourceError } from './errors.js';
import type { HttpResponse } from './http-session.js';
import { createHttpSession } from './http-session.js';
import type { UrlPolicy } from './url-policy.js';

export interface DownloadOptions {
  readonly policy: UrlPolicy;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** 0 accepts any rate. */
  readonly minRateBytesPerSecond: number;
  /** Why the download does not go on, and when it is tried again; undefined when it goes on. */
  onObstacle?(error: SourceError | undefined, retryInMs: number): void;
}

/** As write-image.sh has it: long enough for an outage of an hour. */
const STALLED_MS_MAX = 4_000_000;
const PAUSE_MS_MAX = 30_000;
const IDLE_MS_MAX = 30_000;
/** A larger image takes hours; a stalled one ends by the other limits. */
const CONNECTION_MS_MAX = 24 * 3_600_000;
/** The rate is that of a minute, and so many slow minutes are too many. */
const RATE_WINDOW_MS = 60_000;
const SLOW_MAX = 5;

/** The file's bytes from the first to the last. Throws `SourceError`s, and the signal's reason. */
export async function* download(url: string, options: DownloadOptions): AsyncGenerator<Buffer> {
  const file = new RemoteStream(url, options);
  let pauseMs = 1_000;
  let stalledSince = options.clock.elapsed();
  while (!file.isComplete) {
    const before = file.offset;
    try {
      for await (const piece of file.pieces()) {
        if (file.offset > before) options.onObstacle?.(undefined, 0);
        yield piece;
        stalledSince = options.clock.elapsed();
      }
    } catch (error) {
      if (!(error instanceof SourceError) || !error.retryable) throw error;
      if (file.offset > before) pauseMs = 1_000;
      if (options.clock.elapsed() - stalledSince > STALLED_MS_MAX) throw error;
      options.onObstacle?.(error, pauseMs);
      await options.clock.delay(pauseMs, options.signal);
      pauseMs = Math.min(PAUSE_MS_MAX, pauseMs * 2);
    }
  }
}

/** What the first answer said of the file; a later answer must say the same. */
interface Identity {
  readonly etag: string | undefined;
  readonly sizeBytes: number | undefined;
}

class RemoteStream {
  /** How many bytes the caller has got. */
  offset = 0;
  isComplete = false;
  readonly #url: string;
  readonly #options: DownloadOptions;
  #identity: Identity | undefined;
  #slow = 0;

  constructor(url: string, options: DownloadOptions) {
    this.#url = url;
    this.#options = options;
  }

  /** Over one connection, from the offset on. */
  async *pieces(): AsyncGenerator<Buffer> {
    const { policy, signal } = this.#options;
    const limits = { idleMs: IDLE_MS_MAX, totalMs: CONNECTION_MS_MAX };
    const session = createHttpSession({ policy, signal, limits });
    try {
      const range = this.offset === 0 ? {} : { range: `bytes=${this.offset}-` };
      const response = await session.get(this.#url, range);
      let skip = this.#begin(response);
      for await (const piece of this.#fastEnough(response)) {
        const rest = piece.subarray(Math.min(skip, piece.length));
        skip -= piece.length - rest.length;
        this.offset += rest.length;
        if (rest.length > 0) yield rest;
      }
      const { sizeBytes } = this.#identity ?? {};
      if (sizeBytes !== undefined && this.offset < sizeBytes) throw this.#cut();
      this.isComplete = true;
    } finally {
      session.close();
    }
  }

  /** How many bytes of this answer the caller has already. */
  #begin(response: HttpResponse): number {
    const { status, headers } = response;
    const range = /^bytes (\d{1,15})-\d{1,15}\/(\d{1,15})$/.exec(headers['content-range'] ?? '');
    const length = headers['content-length'];
    const whole = length === undefined ? undefined : Number(length);
    const isPart = status === 206 && range !== null;
    const sizeBytes = isPart ? Number(range[2]) : whole;
    const identity = { etag: headers.etag, sizeBytes };
    const known = (this.#identity ??= identity);
    const isSame = known.etag === identity.etag && known.sizeBytes === identity.sizeBytes;
    const isWanted = isPart ? Number(range[1]) === this.offset : status === 200;
    if (isSame && isWanted) return isPart ? 0 : this.offset;
    throw new DownloadError(
      'CHANGED_WHILE_READ',
      `${printableUrl(response.url)} changed while it was read (status ${status})`,
      { next: 'check whether the file is still being uploaded, then publish again' },
    );
  }

  /** Counts only the time in which the server is waited for: the caller may be slow, too. */
  async *#fastEnough(response: HttpResponse): AsyncGenerator<Buffer> {
    const { clock, minRateBytesPerSecond: minRate } = this.#options;
    const pieces = response.pieces();
    let waitedMs = 0;
    let bytes = 0;
    try {
      for (;;) {
        const began = clock.elapsed();
        const next = await pieces.next();
        if (next.done === true) return;
        waitedMs += clock.elapsed() - began;
        bytes += next.value.length;
        if (waitedMs >= RATE_WINDOW_MS) {
          if ((bytes / waitedMs) * 1_000 < minRate) throw this.#tooSlow(minRate);
          waitedMs = 0;
          bytes = 0;
        }
        yield next.value;
      }
    } finally {
      await pieces.return(undefined);
    }
  }

  #tooSlow(minRate: number): DownloadError {
    this.#slow += 1;
    return new DownloadError('TOO_SLOW', `the server stays below ${minRate} bytes a second`, {
      next: 'Make the server or its network faster, or lower source.min_rate_bytes_per_second.',
      retryable: this.#slow < SLOW_MAX,
    });
  }

  #cut(): DownloadError {
    return new DownloadError(
      'UNREACHABLE',
      `${printableUrl(this.#url)} ended after ${this.offset} bytes of ${this.#identity?.sizeBytes}`,
      { next: 'check whether a proxy cuts answers; fedimg tries again', retryable: true },
    );
  }
}
