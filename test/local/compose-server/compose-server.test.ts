import assert from 'node:assert/strict';
import http from 'node:http';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseByteRange } from '../../../src/local/compose-server/byte-range.js';
import type { ComposeServer } from '../../../src/local/compose-server/compose-server.js';
import { startComposeServer } from '../../../src/local/compose-server/compose-server.js';
import { until } from '../../support/until.js';
import { useTempDir } from '../temp-dir.js';

interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: Buffer;
  /** The connection broke before all announced bytes arrived. */
  broken: boolean;
}

describe('the server of a compose', () => {
  const tempDir = useTempDir();
  const content = Buffer.from(Array.from({ length: 200_000 }, (_, index) => index % 251));
  let server: ComposeServer;
  let agent: http.Agent;

  beforeEach(async () => {
    await mkdir(path.join(tempDir(), 'served/a b'), { recursive: true });
    await writeFile(path.join(tempDir(), 'served/file.raw.xz'), content);
    await writeFile(path.join(tempDir(), 'served/a b/ü'), 'x');
    await writeFile(path.join(tempDir(), 'secret'), 'secret');
    server = await startComposeServer({ directory: path.join(tempDir(), 'served') });
    agent = new http.Agent({ keepAlive: true });
  });
  afterEach(async () => {
    agent.destroy();
    await server.close();
  });

  const ask = (
    target: string,
    headers: http.OutgoingHttpHeaders = {},
    method = 'GET',
  ): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const request = http.request(
        { host: '127.0.0.1', port: server.port, path: target, method, headers, agent },
        (response) => {
          const chunks: Buffer[] = [];
          const done = (broken: boolean): void =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              body: Buffer.concat(chunks),
              broken,
            });
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () => done(!response.complete));
          response.on('error', () => done(true));
        },
      );
      request.on('error', reject);
      request.end();
    });

  it('sends the whole file, and only its length for a HEAD request', async () => {
    const get = await ask('/file.raw.xz');
    assert.equal(get.status, 200);
    assert.ok(get.body.equals(content), 'other bytes');
    const head = await ask('/file.raw.xz', {}, 'HEAD');
    assert.equal(head.headers['content-length'], String(content.length));
    assert.equal(head.headers['accept-ranges'], 'bytes');
    assert.equal(head.body.length, 0);
    assert.equal((await ask('/a%20b/%C3%BC')).body.toString(), 'x');
  });

  for (const [range, first, last] of [
    ['bytes=0-0', 0, 0],
    ['bytes=10-99', 10, 99],
    ['bytes=199990-', 199_990, 199_999],
    ['bytes=-12', 199_988, 199_999],
    ['bytes=-999999', 0, 199_999],
    ['bytes=199999-300000', 199_999, 199_999],
  ] as const) {
    it(`sends exactly the bytes of ${range}`, async () => {
      const answer = await ask('/file.raw.xz', { range });
      assert.equal(answer.status, 206);
      assert.equal(answer.headers['content-range'], `bytes ${first}-${last}/200000`);
      assert.ok(answer.body.equals(content.subarray(first, last + 1)), 'other bytes');
    });
  }

  it('refuses a range behind the end, with the length of the file', async () => {
    for (const range of ['bytes=200000-', 'bytes=-0']) {
      const answer = await ask('/file.raw.xz', { range });
      assert.equal(answer.status, 416);
      assert.equal(answer.headers['content-range'], 'bytes */200000');
    }
  });

  it('sends the whole file for a malformed range, for several ranges, and after the file has changed', async () => {
    for (const range of ['bytes=5-2', 'bytes=a-b', 'lines=0-1', 'bytes=0-1,5-6', 'bytes=-']) {
      assert.equal((await ask('/file.raw.xz', { range })).status, 200, range);
    }
    const { headers } = await ask('/file.raw.xz', {}, 'HEAD');
    const part = { range: 'bytes=0-9' };
    const etag = headers.etag ?? '';
    assert.equal((await ask('/file.raw.xz', { ...part, 'if-range': etag })).status, 206);
    await writeFile(path.join(tempDir(), 'served/file.raw.xz'), content.subarray(1));
    assert.equal((await ask('/file.raw.xz', { ...part, 'if-range': etag })).status, 200);
  });

  it('has no range of an empty file', () => {
    assert.deepEqual(parseByteRange('bytes=0-', 0), { kind: 'unsatisfiable' });
    assert.deepEqual(parseByteRange('bytes=-5', 0), { kind: 'unsatisfiable' });
    assert.deepEqual(parseByteRange(undefined, 0), { kind: 'whole' });
  });

  it('serves no file outside of its folder', async () => {
    await symlink(path.join(tempDir(), 'secret'), path.join(tempDir(), 'served/link'));
    await symlink(tempDir(), path.join(tempDir(), 'served/up'));
    for (const target of [
      '/../secret',
      '/%2e%2e/secret',
      '/..%2fsecret',
      '/a%20b/../../secret',
      '/..\\secret',
      '/link',
      '/up/secret',
      '/%00',
      '/%',
      '/',
      '/a%20b',
      '/nothing',
    ]) {
      const answer = await ask(target);
      assert.ok([400, 404].includes(answer.status), `${target}: ${answer.status}`);
      assert.doesNotMatch(answer.body.toString(), /secret/);
    }
    assert.equal((await ask('/file.raw.xz', {}, 'DELETE')).status, 405);
  });

  it('counts the requests, so that a second download is seen', async () => {
    await ask('/file.raw.xz', {}, 'HEAD');
    await ask('/file.raw.xz', { range: 'bytes=-12' });
    await ask('/file.raw.xz');
    assert.deepEqual(server.requests('/file.raw.xz'), {
      get: 2,
      head: 1,
      partial: 1,
      bytes: content.length + 12,
    });
    assert.equal(server.requests('/nothing').get, 0);
  });

  it('sends the whole file for a range request when ranges are off', async () => {
    await server.close();
    server = await startComposeServer({
      directory: path.join(tempDir(), 'served'),
      ranges: false,
    });
    const answer = await ask('/file.raw.xz', { range: 'bytes=0-9' });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['accept-ranges'], 'none');
    assert.equal(answer.body.length, content.length);
  });

  it('closes the connection at the given byte, after all bytes before it', async () => {
    server.setFault('/file.raw.xz', { truncateAfterBytes: 100_001 });
    const answer = await ask('/file.raw.xz');
    assert.equal(answer.headers['content-length'], '200000');
    assert.ok(answer.broken, 'answer.broken is false');
    assert.ok(answer.body.equals(content.subarray(0, 100_001)), 'other bytes');
  });

  it('lets a slow reader get all sent bytes when it closes the connection', async () => {
    await writeFile(path.join(tempDir(), 'served/big'), Buffer.alloc(24 * 1024 * 1024, 7));
    const sent = 20 * 1024 * 1024 + 11;
    server.setFault('/big', { truncateAfterBytes: sent });
    const read = await new Promise<number>((resolve, reject) => {
      const request = http.get({ port: server.port, host: '127.0.0.1', path: '/big' }, (slow) => {
        let bytes = 0;
        slow.pause();
        // Until the server has to wait for the reader, whose buffers are full.
        let before = -1;
        const timer = setInterval(() => {
          if (server.requests('/big').bytes === before) {
            clearInterval(timer);
            slow.resume();
          }
          before = server.requests('/big').bytes;
        }, 50);
        slow.on('data', (chunk: Buffer) => (bytes += chunk.length));
        slow.on('close', () => resolve(bytes));
        slow.on('error', () => undefined);
      });
      request.on('error', reject);
    });
    assert.equal(read, sent);
  });

  it('answers normally once a fault has happened as often as asked, or is removed', async () => {
    server.setFault('/file.raw.xz', { status: 503, times: 2 });
    const statuses = [];
    for (let asked = 0; asked < 3; asked += 1) statuses.push((await ask('/file.raw.xz')).status);
    assert.deepEqual(statuses, [503, 503, 200]);
    server.setFault('/file.raw.xz', { status: 404 });
    server.setFault('/file.raw.xz', undefined);
    assert.equal((await ask('/file.raw.xz')).status, 200);
  });

  it('answers with another body, also at a path without a file', async () => {
    server.setFault('/file.raw.xz', { body: 'no xz at all' });
    assert.equal((await ask('/file.raw.xz')).body.toString(), 'no xz at all');
    assert.equal((await ask('/file.raw.xz', { range: 'bytes=-3' })).body.toString(), 'all');
    server.setFault('/new', { body: '{}' });
    assert.equal((await ask('/new')).status, 200);
  });

  it('keeps a pace and a delay', async () => {
    server.setFault('/file.raw.xz', { bytesPerSecond: 400_000, delayMs: 100 });
    const startedAt = performance.now();
    assert.ok((await ask('/file.raw.xz')).body.equals(content), 'other bytes');
    assert.ok(performance.now() - startedAt >= 590, 'too early');
  });

  it('holds a download until it is released, but not a request for the bytes behind', async () => {
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    server.setFault('/file.raw.xz', { hold: { afterBytes: 70_000, until: released } });
    const held = ask('/file.raw.xz');
    await until('the hold', () => server.requests('/file.raw.xz').bytes >= 70_000);
    const sent = server.requests('/file.raw.xz').bytes;
    assert.ok(sent < content.length, `${sent} bytes`);
    const end = await ask('/file.raw.xz', { range: 'bytes=-10' });
    assert.ok(end.body.equals(content.subarray(-10)), 'other bytes');
    assert.equal(server.requests('/file.raw.xz').bytes, sent + 10);
    release();
    assert.ok((await held).body.equals(content), 'other bytes');
  });

  it('ends despite a stalled download and kept connections', async () => {
    server.setFault('/file.raw.xz', { stallAfterBytes: 70_000 });
    const stalled = ask('/file.raw.xz');
    await until('the stall', () => server.requests('/file.raw.xz').bytes === 70_000);
    await ask('/a%20b/%C3%BC');
    await Promise.all([server.close(), server.close()]);
    const answer = await stalled;
    assert.ok(answer.broken, 'answer.broken is false');
    assert.ok(answer.body.equals(content.subarray(0, 70_000)), 'other bytes');
  });
});
