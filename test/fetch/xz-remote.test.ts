import assert from 'node:assert/strict';
import {
  DownloadError,
  NotXzError,
  RangesUnsupportedError,
  TruncatedError,
} from '../../src/fetch/errors.js';
import { readXzIndex } from '../../src/fetch/xz-index.js';
import { serveRanges, startServer, type Answer, type LocalServer } from './local-server.js';
import { GIB, noise, xz } from './xz-files.js';

describe('an xz file on a server', () => {
  let server: LocalServer | undefined;
  afterEach(() => server?.close());

  const raw = noise(400_000);
  const file = xz(raw, '--block-size=16384');
  const read = async (answer: Answer, idleMs = 60_000): ReturnType<typeof readXzIndex> => {
    server = await startServer(answer);
    return readXzIndex(`${server.base}image.raw.xz`, {
      policy: server.policy,
      maxRawSizeBytes: GIB,
      limits: { idleMs, totalMs: 120_000 },
    });
  };

  it('is measured with two small requests over one connection', async () => {
    assert.deepEqual(await read(serveRanges(file)), {
      rawSizeBytes: raw.length,
      compressedSizeBytes: file.length,
      streams: 1,
      blocks: 25,
      url: `${server?.base}image.raw.xz`,
    });
    assert.equal(server?.requests.length, 2);
    assert.equal(server?.connections(), 1);
    assert.deepEqual(
      server?.requests.map(({ range }) => range),
      ['bytes=0-8191', `bytes=${file.length - 8192}-${file.length - 1}`],
    );
  });

  it('is measured with one request when it is small', async () => {
    const small = xz(Buffer.from('small'));
    assert.equal((await read(serveRanges(small))).rawSizeBytes, 5);
    assert.equal(server?.requests.length, 1);
  });

  it('on a server without ranges is distinguished from a failure, with its length', async () => {
    const answer: Answer = (_, response) =>
      response.writeHead(200, { 'content-length': file.length }).end(file);
    await assert.rejects(read(answer), (error) => {
      assert.ok(error instanceof RangesUnsupportedError, String(error));
      assert.deepEqual([error.code, error.retryable], ['RANGES_UNSUPPORTED', false]);
      assert.equal(error.compressedSizeBytes, file.length);
      return true;
    });
  });

  it('in another format is reported with that format, with and without ranges', async () => {
    const page = Buffer.from('<!DOCTYPE html><html><body>not here</body></html>');
    for (const answer of [serveRanges(page), serveAlways(page)]) {
      await assert.rejects(read(answer), (error) => {
        assert.ok(error instanceof NotXzError, String(error));
        assert.match(error.message, /is not an xz file: it is an HTML page/);
        return !error.retryable;
      });
      await server?.close();
    }
    await assert.rejects(read(serveRanges(Buffer.from('QFI\xfb', 'latin1'))), /qcow2/);
  });

  it('that is empty or cut short is reported as such', async () => {
    await assert.rejects(read(serveRanges(Buffer.alloc(0))), TruncatedError);
    await server?.close();
    await assert.rejects(read(serveAlways(Buffer.alloc(0))), TruncatedError);
    await server?.close();
    await assert.rejects(read(serveRanges(file.subarray(0, 30_000))), TruncatedError);
  });

  it('that changes between two requests is tried again', async () => {
    let asked = 0;
    const longer = Buffer.concat([file, Buffer.alloc(4)]);
    const answer: Answer = (request, response) =>
      serveRanges((asked += 1) === 1 ? file : longer)(request, response);
    await assert.rejects(read(answer), matching('CHANGED_WHILE_READ', true));
    await server?.close();
    asked = 0;
    const other: Answer = (request, response) =>
      serveRanges(file, { etag: `"${(asked += 1)}"` })(request, response);
    await assert.rejects(read(other), matching('CHANGED_WHILE_READ', true));
  });

  it('fails for good when it is gone or forbidden, and is tried again when the server fails', async () => {
    const cases: [status: number, code: string, retryable: boolean][] = [
      [404, 'NOT_FOUND', false],
      [410, 'NOT_FOUND', false],
      [401, 'FORBIDDEN', false],
      [403, 'FORBIDDEN', false],
      [400, 'HTTP_STATUS', false],
      [304, 'HTTP_STATUS', false],
      [408, 'SERVER_ERROR', true],
      [429, 'SERVER_ERROR', true],
      [500, 'SERVER_ERROR', true],
      [503, 'SERVER_ERROR', true],
    ];
    for (const [status, code, retryable] of cases) {
      const answer: Answer = (_, response) => response.writeHead(status).end();
      await assert.rejects(read(answer), matching(code, retryable), String(status));
      await server?.close();
    }
  });

  it('is tried again when the connection breaks, stalls, or delivers too few bytes', async () => {
    const breaks: Answer = (request) => request.socket.destroy();
    const stalls: Answer = () => undefined;
    const stallsLater: Answer = (_, response) => {
      response.writeHead(206, { 'content-range': 'bytes 0-99/500', 'content-length': 100 });
      response.write(file.subarray(0, 20));
    };
    const cut: Answer = (_, response) => {
      response.writeHead(206, { 'content-range': 'bytes 0-99/500', 'content-length': 100 });
      response.write(file.subarray(0, 20), () => response.destroy());
    };
    const short: Answer = (_, response) =>
      response.writeHead(206, { 'content-range': 'bytes 0-99/500' }).end(file.subarray(0, 20));
    const cases: [Answer, string, RegExp][] = [
      [breaks, 'UNREACHABLE', /ECONNRESET/],
      [stalls, 'TIMEOUT', /without a byte for 0\.4 s/],
      [stallsLater, 'TIMEOUT', /without a byte for 0\.4 s/],
      [cut, 'UNREACHABLE', /ECONNRESET/],
      [short, 'UNREACHABLE', /sent 20 bytes for a range of 100/],
    ];
    for (const [answer, code, reason] of cases) {
      const idleMs = code === 'TIMEOUT' ? 400 : undefined;
      await assert.rejects(
        read(answer, idleMs),
        (error) => matching(code, true)(error) && reason.test((error as Error).message),
      );
      await server?.close();
    }
  });

  it('that arrives in drops is abandoned after the total time', async () => {
    server = await startServer((_, response) => {
      response.writeHead(206, { 'content-range': 'bytes 0-8191/9000', 'content-length': 8192 });
      const drip = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(drip));
    });
    const options = {
      policy: server.policy,
      maxRawSizeBytes: GIB,
      limits: { idleMs: 5000, totalMs: 300 },
    };
    await assert.rejects(readXzIndex(`${server.base}x`, options), matching('TIMEOUT', true));
  });

  it('is abandoned at once when the run is cancelled, also within a body', async () => {
    const cancel = new AbortController();
    server = await startServer((_, response) => {
      response.writeHead(206, { 'content-range': 'bytes 0-8191/9000', 'content-length': 8192 });
      response.write('x', () => cancel.abort(new Error('cancelled by a test')));
    });
    const options = { policy: server.policy, maxRawSizeBytes: GIB, signal: cancel.signal };
    await assert.rejects(readXzIndex(`${server.base}x`, options), /cancelled by a test/);
    await assert.rejects(readXzIndex(`${server.base}x`, options), /cancelled by a test/);
  });

  it('from a server that sends more than requested is not read to its end', async () => {
    const answer: Answer = (_, response) => {
      response.writeHead(206, { 'content-range': `bytes 0-${GIB}/${GIB + 1}` });
      const more = (): void => void response.write(file, (error) => error ?? more());
      more();
    };
    await assert.rejects(read(answer), RangesUnsupportedError);
  });
});

function serveAlways(bytes: Buffer): Answer {
  return (_, response) => response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
}

function matching(code: string, retryable: boolean): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof DownloadError, String(error));
    assert.deepEqual([error.code, error.retryable], [code, retryable], error.message);
    assert.notEqual(error.next, '');
    return true;
  };
}
