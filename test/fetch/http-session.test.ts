import assert from 'node:assert/strict';
import type { LookupAddress } from 'node:dns';
import { DownloadError, UrlRefusedError, type SourceError } from '../../src/fetch/errors.js';
import { networkError } from '../../src/fetch/http-errors.js';
import { createHttpSession } from '../../src/fetch/http-session.js';
import { createUrlPolicy, type ResolveHost, type UrlPolicy } from '../../src/fetch/url-policy.js';
import { startServer, type LocalServer } from './local-server.js';

const KOJI = 'https://kojipkgs.fedoraproject.org/compose/';

describe('a host name', () => {
  const resolving =
    (...addresses: string[]): ResolveHost =>
    () =>
      Promise.resolve(
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
  const lookup = (policy: UrlPolicy, host: string): Promise<LookupAddress[]> =>
    new Promise((resolve, reject) => {
      policy.lookup(host, { all: true }, (error, addresses) => {
        if (error) reject(error);
        else resolve(addresses as LookupAddress[]);
      });
    });

  it('that resolves to a private address is refused, also beside a public one', async () => {
    for (const inside of ['10.0.0.1', '127.0.0.1', '169.254.169.254', '::1', '::ffff:10.0.0.1']) {
      const policy = createUrlPolicy({ allow: [KOJI] }, resolving('38.145.60.20', inside));
      await assert.rejects(lookup(policy, 'kojipkgs.fedoraproject.org'), (error) => {
        assert.ok(
          error instanceof UrlRefusedError && error.code === 'ADDRESS_REFUSED',
          String(error),
        );
        return !error.retryable && error.next.includes(inside);
      });
    }
  });

  it('may resolve into a private network that the configuration names by address', async () => {
    const rules = { allow: [KOJI], privateNetworks: ['10.3.0.0/16'] };
    const inside = createUrlPolicy(rules, resolving('10.3.1.2'));
    assert.equal((await lookup(inside, 'kojipkgs.fedoraproject.org')).length, 1);
    const outside = createUrlPolicy(rules, resolving('10.4.1.2'));
    await assert.rejects(lookup(outside, 'kojipkgs.fedoraproject.org'), UrlRefusedError);
  });

  it('called localhost may only be a loopback address', async () => {
    const rules = { allow: ['http://localhost:1/'] };
    assert.equal((await lookup(createUrlPolicy(rules, resolving('::1')), 'localhost')).length, 1);
    const moved = createUrlPolicy(rules, resolving('10.0.0.1'));
    await assert.rejects(lookup(moved, 'localhost'), UrlRefusedError);
  });

  it('without an address is tried again', async () => {
    const policy = createUrlPolicy({ allow: [KOJI] }, resolving());
    const session = createHttpSession({ policy });
    await assert.rejects(session.get(`${KOJI}x`, {}), (error) => {
      assert.ok(error instanceof DownloadError && error.code === 'UNREACHABLE', String(error));
      return error.retryable;
    });
    session.close();
  });
});

describe('a fetch', () => {
  let inner: LocalServer;
  let outer: LocalServer;
  before(async () => {
    inner = await startServer((_, response) => response.end('secret'));
    outer = await startServer((request, response) => {
      const [, status, target] = /^\/(\d+)\/(.*)$/.exec(request.url ?? '') ?? [];
      const location = Buffer.from(target ?? '', 'base64url').toString();
      if (status === undefined) response.end('here');
      else response.writeHead(Number(status), location === '' ? {} : { location }).end();
    });
  });
  after(() => Promise.all([inner.close(), outer.close()]));

  const via = (status: number, target: string): string =>
    `${outer.base}${status}/${Buffer.from(target).toString('base64url')}`;
  const get = async (url: string, policy = outer.policy): Promise<string> => {
    const session = createHttpSession({ policy });
    try {
      const response = await session.get(url, {});
      return (
        await response.read(1000, () => new UrlRefusedError('TOO_LARGE', '', { next: '' }))
      ).toString();
    } finally {
      session.close();
    }
  };

  it('follows redirects within what is allowed', async () => {
    for (const status of [301, 302, 303, 307, 308]) {
      assert.equal(await get(via(status, `${outer.base}there`)), 'here');
      assert.equal(await get(via(status, '/there')), 'here');
    }
  });

  it('does not follow a redirect to a forbidden place, and opens no connection there', async () => {
    const targets = [
      inner.base,
      `//127.0.0.1:${inner.port}/`,
      `http://localhost:${inner.port}/`,
      `http://[::ffff:127.0.0.1]:${inner.port}/`,
      'http://169.254.169.254/latest/meta-data/',
      'file:///etc/passwd',
      `http://u:p@127.0.0.1:${outer.port}/`,
      'http://[',
      '',
    ];
    for (const target of targets) {
      await assert.rejects(get(via(302, target)), (error) => {
        assert.ok(error instanceof UrlRefusedError, String(error));
        return error.code === 'REDIRECT_REFUSED';
      });
    }
    assert.equal(inner.connections(), 0);
  });

  it('opens no connection for a name that was rebound to loopback', async () => {
    const host = 'images.example';
    const rules = { allow: [`http://${host}:${inner.port}/`] };
    const policy = createUrlPolicy(rules, () =>
      Promise.resolve([{ address: '127.0.0.1', family: 4 }]),
    );
    await assert.rejects(get(`http://${host}:${inner.port}/`, policy), (error) => {
      return error instanceof UrlRefusedError && error.code === 'ADDRESS_REFUSED';
    });
    assert.equal(inner.connections(), 0);
  });

  it('connects to the address that was checked', async () => {
    const host = 'images.example';
    let asked = 0;
    const rules = { allow: [`http://${host}:${outer.port}/`], privateNetworks: ['127.0.0.0/8'] };
    const policy = createUrlPolicy(rules, () => {
      asked += 1;
      return Promise.resolve([{ address: '127.0.0.1', family: 4 }]);
    });
    assert.equal(await get(`http://${host}:${outer.port}/x`, policy), 'here');
    assert.equal(asked, 1);
  });

  it('from a server with a wrong certificate fails for good; an unknown name is tried again', () => {
    const errorOf = (code: string): SourceError =>
      networkError(Object.assign(new Error('x'), { code }), KOJI);
    for (const code of ['CERT_HAS_EXPIRED', 'ERR_TLS_CERT_ALTNAME_INVALID', 'EPROTO']) {
      assert.deepEqual([errorOf(code).code, errorOf(code).retryable], ['TLS', false], code);
    }
    for (const code of ['ENOTFOUND', 'EAI_AGAIN', 'ECONNRESET', 'EHOSTUNREACH', 'EPIPE']) {
      assert.deepEqual([errorOf(code).code, errorOf(code).retryable], ['UNREACHABLE', true], code);
    }
    const tried = new AggregateError([errorOf('x'), new Error('y')]);
    assert.equal(networkError(tried, KOJI).retryable, true);
  });

  it('ends after a circle of redirects', async () => {
    const circle = await startServer((_, response) =>
      response.writeHead(302, { location: '/again' }).end(),
    );
    await assert.rejects(get(circle.base, circle.policy), /redirects more than 5 times/);
    assert.equal(circle.requests.length, 6);
    await circle.close();
  });
});
