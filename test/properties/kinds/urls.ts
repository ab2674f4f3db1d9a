/** Where something is fetched from: URLs, redirects, resolved addresses, and the entries that allow them. */

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { isIP, type AddressInfo } from 'node:net';
import type { LookupAddress } from 'node:dns';
import fc from 'fast-check';
import { classifyAddress } from '../../../src/fetch/addresses.js';
import { AllowEntryError, parseAllowEntry } from '../../../src/fetch/allow-list.js';
import { SourceError, UrlRefusedError } from '../../../src/fetch/errors.js';
import { createHttpSession } from '../../../src/fetch/http-session.js';
import { createUrlPolicy, type UrlPolicy } from '../../../src/fetch/url-policy.js';
import { startServer } from '../../fetch/local-server.js';
import { around, hostileText } from '../hostile-text.js';
import { inputKind, verdictOf } from '../input-kind.js';
import { assertHarmless, readable } from '../output-safety.js';
import { foreignAddress, foreignHost } from '../hostile-hosts.js';

const KOJI = 'https://kojipkgs.fedoraproject.org/compose/';
const HERE = 'http://127.0.0.1:8080/images/';
const policy = createUrlPolicy({ allow: [KOJI, HERE] });

const goodUrl = fc.constantFrom(
  `${KOJI}cloud/Fedora-Cloud-43-20251021.0/compose/Cloud/x86_64/images/a.x86_64.raw.xz`,
  `${KOJI}a%20b/c.raw.xz?x=y&z`,
  `${HERE}a.raw.xz`,
);

/** Another scheme, another way to write the authority, a host of somebody else, or a path out of the prefix. */
const hostileUrl = fc.oneof(
  around(goodUrl),
  fc
    .tuple(
      fc.constantFrom(
        'https://',
        'http://',
        'HTTPS://',
        'https:/',
        'https:',
        '//',
        'ftp://',
        'file://',
        'gopher://',
        'javascript:',
        'data:',
        'https:\\\\',
        ' https://',
      ),
      fc.constantFrom(
        '',
        '',
        '',
        'user@',
        'user:pass@',
        '@',
        'kojipkgs.fedoraproject.org@',
        'kojipkgs.fedoraproject.org:443@',
        '%40',
      ),
      fc.oneof(foreignHost, fc.constantFrom('kojipkgs.fedoraproject.org', '127.0.0.1')),
      fc.constantFrom('', '', ':443', ':80', ':8080', ':0', ':65536', ':08080', ':', ':x'),
      fc.constantFrom(
        '/compose/',
        '/compose',
        '/images/',
        '/Compose/',
        '//compose/',
        '/%63ompose/',
        '/;/compose/',
        '\\compose\\',
        '?/compose/',
        '#/compose/',
      ),
      around(fc.constantFrom('a.raw.xz', 'x/../../y', '%2e%2e/%2e%2e/', '..%2f', 'a/./b')),
    )
    .map((parts) => parts.join('')),
);

function assertAllowed(url: URL, allowed: readonly string[]): void {
  const prefix = allowed.find((one) => url.href.startsWith(one));
  assert(prefix !== undefined, `${url.href} is below no prefix`);
  assert.equal(url.username + url.password + url.hash, '');
  assert.match(url.href, /^[\x21-\x7e]+$/);
  // However often a server decodes it, it stays below the prefix.
  let path = url.pathname;
  for (let round = 0; round < 3; round += 1) {
    assert(!/(?:^|[/\\])\.\.(?:[/\\;]|$)/.test(path), `${path} leaves its folder`);
    assert(!/[\\\p{Cc}]/u.test(path), `${path} holds what another parser reads otherwise`);
    path = decoded(path);
  }
}

function decoded(path: string): string {
  return path.replace(/%([0-7][0-9a-f])/gi, (_, hex: string) =>
    String.fromCharCode(parseInt(hex, 16)),
  );
}

const urls = inputKind({
  name: 'url',
  title: 'a URL that looks allowed leads to another machine, or into our own network',
  weight: 14,
  input: hostileUrl,
  open: () => ({
    check: (text) =>
      verdictOf(
        () => policy.check(text),
        readable(UrlRefusedError),
        (url) => {
          assertAllowed(url, [KOJI, HERE]);
          assert.equal(
            policy.check(url.href).href,
            url.href,
            'what is fetched is what was checked',
          );
        },
      ),
  }),
});

const addresses = inputKind({
  name: 'address',
  title: 'a name of an attacker resolves to the metadata service or to a private address',
  weight: 8,
  input: fc.array(fc.oneof(foreignAddress, fc.constantFrom('8.8.8.8', '2600:1f18::1')), {
    minLength: 1,
    maxLength: 3,
  }),
  open: () => ({
    check: async (all) => {
      const resolved = all.map((address) => ({ address, family: isIP(address) === 6 ? 6 : 4 }));
      const own = createUrlPolicy({ allow: [KOJI] }, () => Promise.resolve(resolved));
      const foreign = all.filter((address) => address !== '8.8.8.8' && address !== '2600:1f18::1');
      for (const address of foreign) assert.notEqual(classifyAddress(address), 'public', address);
      return verdictOf(
        () => lookup(own),
        readable(UrlRefusedError),
        () => {
          assert.deepEqual(foreign, [], 'all addresses of a name must be public');
        },
      );
    },
  }),
});

function lookup(own: UrlPolicy): Promise<LookupAddress[]> {
  return new Promise((resolve, reject) => {
    own.lookup('kojipkgs.fedoraproject.org', { all: true }, (error, found) => {
      if (error) reject(error);
      else resolve(found as LookupAddress[]);
    });
  });
}

const allowEntries = inputKind({
  name: 'allow-entry',
  title: 'an entry of source.allow allows more than its text shows',
  weight: 4,
  input: fc.oneof(
    around(fc.constantFrom(KOJI, 'dl.fedoraproject.org', HERE)),
    foreignHost,
    hostileUrl,
  ),
  open: () => ({
    check: (text) =>
      verdictOf(
        () => parseAllowEntry(text),
        readable(AllowEntryError),
        ({ prefix, origin, path }) => {
          assert.match(prefix, /^https?:\/\/[\x21-\x7e]+\/$/);
          assert.equal(prefix, origin + path);
          assert(!/[*%?#\\]|\/\.\.?\//.test(prefix), prefix);
          assert(!origin.includes('@') && new URL(prefix).hostname !== 'https', prefix);
          assert.deepEqual(
            parseAllowEntry(prefix),
            { prefix, origin, path },
            'its normal form is one',
          );
          assert.equal(createUrlPolicy({ allow: [text] }).check(`${prefix}a`).href, `${prefix}a`);
        },
      ),
  }),
});

const redirects = inputKind({
  name: 'redirect',
  title: 'a server that is allowed sends the worker on to one that is not',
  weight: 1,
  input: fc.tuple(
    fc.oneof(hostileUrl, hostileText, fc.constantFrom('/b', 'b', '?b', '//127.0.0.1', '/a', '')),
    fc.constantFrom(301, 302, 303, 307, 308),
    fc.boolean(),
  ),
  open: async () => {
    let location = '';
    let status = 302;
    const server = await startServer((request, response) => {
      if (request.url !== '/a') return void response.end('reached');
      // As a hostile server writes it: no HTTP library checks what it sends.
      request.socket.end(
        Buffer.from(
          `HTTP/1.1 ${status} x\r\nlocation: ${location}\r\ncontent-length: 0\r\n\r\n`,
          'utf8',
        ),
      );
    });
    // Not allowed, and on this machine: it records every redirect that is followed to it.
    let strangers = 0;
    const stranger = createServer((_, response) => void response.end());
    stranger.on('connection', () => (strangers += 1));
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
    const { port } = stranger.address() as AddressInfo;
    return {
      check: async ([text, code, toStranger]) => {
        status = code;
        location = toStranger
          ? text.replaceAll(/(?:127\.0\.0\.1|localhost)(?::\d+)?/g, `127.0.0.1:${port}`)
          : text;
        location = location.replaceAll('8080', String(server.port)).slice(0, 8_000);
        const session = createHttpSession({
          policy: server.policy,
          limits: { idleMs: 5_000, totalMs: 5_000 },
        });
        try {
          return await verdictOf(
            () => session.get(`${server.base}a`, {}),
            readable(SourceError),
            async (response) => {
              assert(response.url.startsWith(server.base), response.url);
              await response.peek(1);
            },
          );
        } finally {
          session.close();
          assert.equal(strangers, 0, `a connection to a stranger, by ${JSON.stringify(location)}`);
        }
      },
      close: async () => {
        await server.close();
        await new Promise((resolve) => stranger.close(resolve));
      },
    };
  },
});

const urlErrors = inputKind({
  name: 'source-error',
  refusesNone: true,
  title: 'text from a server moves the cursor of a terminal that shows the log',
  weight: 3,
  input: fc.tuple(hostileText, hostileText),
  open: () => ({
    check: ([message, next]) => {
      const error = new SourceError('HTTP_STATUS', message, { next });
      assertHarmless(error.message);
      assertHarmless(error.next);
      return 'accepted';
    },
  }),
});

export const kinds = [urls, addresses, allowEntries, redirects, urlErrors];
