import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  DownloadError,
  MetadataError,
  SourceError,
  TooLargeError,
} from '../../src/fetch/errors.js';
import { fetchMetadata } from '../../src/fetch/fetch-metadata.js';
import { JsonError, parseStrictJson } from '../../src/fetch/strict-json.js';
import { startServer, type Answer, type LocalServer } from './local-server.js';

describe('untrusted JSON', () => {
  it('is read as JSON.parse reads it, but into objects without a prototype', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const expected = JSON.parse(text) as unknown;
        if (text.includes('"__proto__"')) return;
        const value = parseStrictJson(text);
        assert.equal(JSON.stringify(value), JSON.stringify(expected));
      }),
      { numRuns: 2000 },
    );
    assert.equal(Object.getPrototypeOf(parseStrictJson(' {"a" : [ ] }\n')), null);
  });

  it('is refused wherever JSON.parse refuses it', () => {
    const mutated = fc
      .tuple(
        fc.json(),
        fc.nat(),
        fc.constantFrom('', '"', '\\', '{', ']', ',', ':', '\n', '0', 'é'),
      )
      .map(([text, at, insert]) => {
        const place = at % (text.length + 1);
        return text.slice(0, place) + insert + text.slice(place + 1);
      });
    fc.assert(
      fc.property(fc.oneof(mutated, fc.string()), (text) => {
        let valid = true;
        try {
          JSON.parse(text);
        } catch {
          valid = false;
        }
        if (!valid) assert.throws(() => parseStrictJson(text), JsonError);
      }),
      { numRuns: 4000 },
    );
  });

  it('is refused with a repeated key, a key that reaches a prototype, too deep nesting or too many values', () => {
    const cases: [text: string, reason: RegExp][] = [
      ['{"a":1,"b":2,"a":3}', /has the key "a" twice \(at character 17\)/],
      ['{"a":1,"\\u0061":3}', /has the key "a" twice/],
      ['{"__proto__":{"admin":true}}', /has the key __proto__/],
      ['{"\\u005f_proto__":1}', /has the key __proto__/],
      ['['.repeat(33) + ']'.repeat(33), /deeper than 32/],
      ['['.repeat(100_000), /deeper than 32/],
      [`[${'0,'.repeat(1_000_000)}0]`, /more than 250000 values/],
      ['', /has no value/],
      ['{"a":1} x', /continues after its end/],
      ['01', /continues/],
      ['"\u0000"', /control character/],
      ['{a:1}', /has no key/],
      ['{"a" 1}', /no colon/],
      ['{"a":1', /does not end/],
      ['[1', /does not end/],
      ['"abc', /does not end/],
    ];
    for (const [text, reason] of cases) assert.throws(() => parseStrictJson(text), reason);
    assert.equal(({} as { admin?: boolean }).admin, undefined);
    assert.deepEqual(Object.keys(parseStrictJson('{"constructor":1,"toString":2}') as object), [
      'constructor',
      'toString',
    ]);
  });

  it('of many MiB in one string does not exhaust the stack', () => {
    const long = 'x\\"'.repeat(2_000_000);
    assert.equal((parseStrictJson(`["${long}"]`) as string[])[0]?.length, 4_000_000);
  });
});

describe('metadata', () => {
  let server: LocalServer | undefined;
  afterEach(() => server?.close());

  const fetch = async (answer: Answer, maxBytes?: number): Promise<unknown> => {
    server = await startServer(answer);
    const options = { policy: server.policy, ...(maxBytes === undefined ? {} : { maxBytes }) };
    return (await fetchMetadata(`${server.base}metadata/images.json`, options)).value;
  };
  const failure = async (answer: Answer, maxBytes?: number): Promise<SourceError> => {
    const error: unknown = await fetch(answer, maxBytes).catch((caught: unknown) => caught);
    assert.ok(error instanceof SourceError, String(error));
    await server?.close();
    return error;
  };

  it('is read', async () => {
    const value = await fetch((_, response) => response.end('{"a":[1]}'));
    assert.equal(JSON.stringify(value), '{"a":[1]}');
  });

  it('that is too large is refused by its Content-Length, or during the download without one', async () => {
    let sent = 0;
    const said = await failure((_, response) => {
      response.writeHead(200, { 'content-length': 33 * 1024 * 1024 });
      response.write('{');
    });
    assert.ok(said instanceof TooLargeError, String(said));
    const unsaid = await failure((_, response) => {
      const more = (): void => {
        sent += 65_536;
        response.write(' '.repeat(65_536), (error) => error ?? more());
      };
      more();
    }, 1024 * 1024);
    assert.ok(unsaid instanceof TooLargeError, String(unsaid));
    assert.ok(sent < 32 * 1024 * 1024, `${sent} bytes were sent`);
  });

  it('that is a web page, broken JSON or not text is a final error without control characters', async () => {
    const bodies: [body: string | Buffer, reason: RegExp][] = [
      ['<!DOCTYPE html><p>Sorry', /is an HTML page, not JSON/],
      ['{"a":', /is refused: it has no value/],
      ['{"\\u001b[2J":1,"\\u001b[2J":2}', /twice/],
      [Buffer.from([0x22, 0xff, 0xfe, 0x22]), /not UTF-8/],
      ['', /has no value/],
    ];
    for (const [body, reason] of bodies) {
      const error = await failure((_, response) => response.end(body));
      assert.ok(error instanceof MetadataError, String(error));
      assert.match(error.message, reason);
      assert.match(error.message, /^[\x20-\x7e]*$/);
      assert.equal(error.retryable, false);
    }
  });

  it('that is missing is a final error; a server that fails or stops halfway is tried again', async () => {
    const gone = await failure((_, response) => response.writeHead(404).end('{}'));
    assert.deepEqual([gone.code, gone.retryable], ['NOT_FOUND', false]);
    const ill = await failure((_, response) => response.writeHead(502).end('{}'));
    assert.deepEqual([ill.code, ill.retryable], ['SERVER_ERROR', true]);
    const half = await failure((_, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('{"a"', () => response.destroy());
    });
    assert.ok(half instanceof DownloadError, String(half));
    assert.deepEqual([half.code, half.retryable], ['UNREACHABLE', true]);
    const packed = await failure((_, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end('x'),
    );
    assert.match(packed.message, /answers with a Content-Encoding/);
  });

  it('of a server that is down is tried again', async () => {
    server = await startServer(() => undefined);
    const { base, policy } = server;
    await server.close();
    await assert.rejects(fetchMetadata(base, { policy }), (error) => {
      assert.ok(error instanceof DownloadError, String(error));
      assert.match(error.message, /ECONNREFUSED/);
      return error.retryable;
    });
  });
});
