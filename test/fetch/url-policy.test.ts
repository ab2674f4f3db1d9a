import assert from 'node:assert/strict';
import fc from 'fast-check';
import { classifyAddress, isInNetwork, parseNetwork } from '../../src/fetch/addresses.js';
import { AllowEntryError, parseAllowEntry } from '../../src/fetch/allow-list.js';
import { UrlRefusedError } from '../../src/fetch/errors.js';
import { createUrlPolicy } from '../../src/fetch/url-policy.js';

const KOJI = 'https://kojipkgs.fedoraproject.org/compose/';

describe('a URL', () => {
  const policy = createUrlPolicy({
    allow: [KOJI, 'dl.fedoraproject.org', 'http://127.0.0.1:8080/'],
  });

  it('is fetched below an allowed prefix, in its normal form', () => {
    const cases: [text: string, normal: string][] = [
      [`${KOJI}43/images/a.raw.xz`, `${KOJI}43/images/a.raw.xz`],
      ['HTTPS://KOJIPKGS.FedoraProject.ORG:443/compose/x', `${KOJI}x`],
      ['https://dl.fedoraproject.org/pub/x?y=1', 'https://dl.fedoraproject.org/pub/x?y=1'],
      ['http://127.0.0.1:8080/a', 'http://127.0.0.1:8080/a'],
      ['http://0x7f.1:8080/a', 'http://127.0.0.1:8080/a'],
    ];
    for (const [text, normal] of cases) assert.equal(policy.check(text).href, normal);
  });

  it('outside the prefixes, or one that two programs read differently, is refused', () => {
    const refused = [
      'https://kojipkgs.fedoraproject.org/packages/x',
      'https://kojipkgs.fedoraproject.org/composer/x',
      'https://kojipkgs.fedoraproject.org/compose',
      'http://kojipkgs.fedoraproject.org/compose/x',
      'https://kojipkgs.fedoraproject.org:444/compose/x',
      'https://kojipkgs.fedoraproject.org./compose/x',
      'https://evil.kojipkgs.fedoraproject.org/compose/x',
      'https://kojipkgs.fedoraproject.org.evil.example/compose/x',
      'https://evil.example/https://kojipkgs.fedoraproject.org/compose/x',
      'https://kojipkgs.fedoraproject.org@evil.example/compose/x',
      'https://user:secret@kojipkgs.fedoraproject.org/compose/x',
      'https://@kojipkgs.fedoraproject.org/compose/x',
      'https://evil.example\\@kojipkgs.fedoraproject.org/compose/x',
      'https:kojipkgs.fedoraproject.org/compose/x',
      'https:///kojipkgs.fedoraproject.org/compose/x',
      '//kojipkgs.fedoraproject.org/compose/x',
      `${KOJI}../packages/x`,
      `${KOJI}x/../../packages`,
      `${KOJI}./x`,
      `${KOJI}%2e%2e/packages/x`,
      `${KOJI}..%2fpackages`,
      `${KOJI}x%5c..%5cy`,
      `${KOJI}%252e%252e/x`,
      `${KOJI}x%00.raw.xz`,
      `${KOJI}x%0d%0aHost:evil`,
      `${KOJI}x#y`,
      `${KOJI}x#`,
      ` ${KOJI}x`,
      `${KOJI}x\n`,
      `${KOJI}a\tb`,
      `${KOJI}a b`,
      `${KOJI}\u202eabc`,
      'https://kojipkgs.fedor\u0430project.org/compose/x',
      'https://kojipkgs。fedoraproject。org/compose/x',
      'ftp://dl.fedoraproject.org/x',
      'file:///etc/passwd',
      'data:text/plain,x',
      'javascript:alert(1)',
      'http://127.0.0.1/a',
      'http://127.0.0.1:8081/a',
      'https://127.0.0.1:8080/a',
      'http://localhost:8080/a',
      'http://[::1]:8080/a',
      'http://[::ffff:127.0.0.1]:8080/a',
      'http://169.254.169.254/latest/meta-data/',
      `${KOJI}${'x'.repeat(3000)}`,
      '',
      'https://',
    ];
    for (const text of refused) {
      assert.throws(() => policy.check(text), UrlRefusedError, text);
    }
  });

  it('that is refused is reported with the line that would allow it, without secrets and control characters', () => {
    const error = refusal(() => policy.check('http://127.0.0.1:9000/x?token=secret'));
    assert.equal(error.code, 'URL_REFUSED');
    assert.match(error.next, /add "http:\/\/127\.0\.0\.1:9000\/" to allow in \[source\]/);
    assert.doesNotMatch(error.message, /secret/);
    const hostile = refusal(() => policy.check('https://u:secret@x/\u001b[2J\u202e\n'));
    assert.match(hostile.message, /^[\x20-\x7e]*$/);
    assert.doesNotMatch(hostile.message, /secret/);
  });

  it('is accepted only with the scheme, host, port and path of an entry', () => {
    const part = fc.constantFrom(
      ...[
        'https:',
        'http:',
        '//',
        '/',
        '\\',
        '@',
        ':',
        '.',
        '..',
        '%2e',
        '%2f',
        '#',
        '?',
        '[',
        ']',
      ],
      ...[
        'kojipkgs.fedoraproject.org',
        'dl.fedoraproject.org',
        '127.0.0.1',
        '8080',
        'evil.example',
      ],
      ...['compose', 'a', '\t', '\n', ' ', '\u0000', '０', '。', '%00', '443', '0x7f.1', '::1'],
    );
    const text = fc.oneof(
      fc.array(part, { maxLength: 12 }).map((parts) => parts.join('')),
      fc.array(part, { maxLength: 8 }).map((parts) => KOJI + parts.join('')),
      fc.webUrl(),
      fc.string({ unit: 'binary' }),
    );
    let passed = 0;
    fc.assert(
      fc.property(text, (candidate) => {
        let url: URL;
        try {
          url = policy.check(candidate);
        } catch (error) {
          assert.ok(error instanceof UrlRefusedError, String(error));
          assert.match(error.message, /^[\x20-\x7e]*$/);
          return;
        }
        passed += 1;
        const below = [KOJI, 'https://dl.fedoraproject.org/', 'http://127.0.0.1:8080/'];
        assert.ok(
          below.some((prefix) => url.href.startsWith(prefix)),
          below.join('\n'),
        );
        assert.equal(url.username + url.password + url.hash, '');
        assert.doesNotMatch(decodeURIComponent(url.pathname), /\/\.\.?(\/|$)|\\/);
        assert.match(candidate, /^[\x21-\x7e]+$/);
      }),
      { numRuns: 4000 },
    );
    assert.ok(passed > 50, `only ${passed} URLs passed, so the property says little`);
  });
});

describe('an entry of the allow-list', () => {
  it('ends in a slash in its normal form', () => {
    assert.equal(parseAllowEntry('dl.fedoraproject.org').prefix, 'https://dl.fedoraproject.org/');
    assert.equal(parseAllowEntry('https://a.example:443/b').prefix, 'https://a.example/b/');
    assert.equal(parseAllowEntry('http://[::1]:80/').prefix, 'http://[::1]/');
    assert.equal(parseAllowEntry('a.example:8443').prefix, 'https://a.example:8443/');
  });

  it('that would allow other URLs than it seems to is refused', () => {
    const entries = [
      '',
      '/',
      '*',
      'https://*.example/',
      'ftp://x/',
      'https://u@x/',
      'https://x/?q',
      '..;/file:///etc/passwd',
      'https://x/a/.b/../../c',
      'https://x;y/',
    ];
    for (const text of [...entries, 'https://x/#', 'x y', 'https://ex\u0430mple/', 'https://x./']) {
      assert.throws(() => parseAllowEntry(text), AllowEntryError, text);
    }
    assert.throws(() => createUrlPolicy({ allow: [KOJI], privateNetworks: ['10.0.0.0/33'] }));
  });
});

describe('an address', () => {
  it('has the class of the registries of special addresses', () => {
    const cases: Record<string, string[]> = {
      public: ['8.8.8.8', '172.32.0.1', '100.128.0.1', '2600:1f18::1', '64:ff9b::808:808'],
      loopback: ['127.0.0.1', '127.255.0.9', '::1', '::ffff:127.0.0.1', '::ffff:7f00:1'],
      'link-local': ['169.254.169.254', 'fe80::1', 'fe80::1%eth0', '64:ff9b::a9fe:a9fe'],
      private: ['10.0.0.1', '172.31.255.255', '192.168.0.1', '100.64.0.1', 'fd00:ec2::254'],
      reserved: ['0.0.0.0', '224.0.0.1', '255.255.255.255', '::', '2002:7f00:1::', '2001:db8::1'],
    };
    for (const [is, addresses] of Object.entries(cases)) {
      for (const address of addresses) assert.equal(classifyAddress(address), is, address);
    }
    for (const none of ['', 'localhost', '1.2.3', '::g']) {
      assert.equal(classifyAddress(none), 'reserved');
    }
  });

  it('written as mapped IPv6 has its IPv4 class', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        assert.equal(classifyAddress(`::ffff:${address}`), classifyAddress(address));
        assert.equal(classifyAddress(`64:ff9b::${address}`), classifyAddress(address));
      }),
      { numRuns: 2000 },
    );
  });

  it('is found in the network that holds it', () => {
    const network = parseNetwork('10.3.0.0/16');
    assert.ok(network, 'no network');
    const addresses = ['10.3.4.5', '::ffff:10.3.4.5', '10.4.0.1', 'fd00::1'];
    assert.deepEqual(
      addresses.filter((address) => isInNetwork(network, address)),
      addresses.slice(0, 2),
    );
    for (const none of ['10.0.0.0/33', 'fd00::/129', 'x', '10.0.0/8', '10.0.0.0/', '/8']) {
      assert.equal(parseNetwork(none), undefined, none);
    }
  });
});

function refusal(act: () => unknown): UrlRefusedError {
  try {
    act();
  } catch (error) {
    assert.ok(error instanceof UrlRefusedError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: 'nothing was refused' });
}
