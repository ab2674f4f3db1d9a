import assert from 'node:assert/strict';
import { proxyFor } from '../../src/proxy/environment.js';
import { ProxyError } from '../../src/proxy/proxy-error.js';
import { withProxyVariables } from '../support/http-proxy.js';

const EC2 = 'https://ec2.us-east-1.amazonaws.com/';

function proxyOf(url: string, variables: Record<string, string>): Promise<string | undefined> {
  return withProxyVariables(variables, () => Promise.resolve(proxyFor(new URL(url))?.href));
}

describe('the variables of a proxy', () => {
  it('are those that curl knows, in both cases', async () => {
    const proxy = 'http://proxy.example:3128';
    const through = `${proxy}/`;
    const cases: [url: string, variables: Record<string, string>, expected: string | undefined][] =
      [
        [EC2, {}, undefined],
        [EC2, { HTTPS_PROXY: proxy }, through],
        [EC2, { https_proxy: proxy }, through],
        [EC2, { ALL_PROXY: proxy }, through],
        [EC2, { HTTP_PROXY: proxy }, undefined],
        ['http://images.example/', { HTTP_PROXY: proxy }, through],
        ['http://images.example/', { HTTPS_PROXY: proxy }, undefined],
        // curl takes a proxy without a scheme for an http one, also for https.
        [EC2, { HTTPS_PROXY: 'proxy.example:3128' }, through],
        [EC2, { HTTPS_PROXY: 'https://proxy.example:3128' }, 'https://proxy.example:3128/'],
        [
          EC2,
          { HTTPS_PROXY: 'http://u:p%40@proxy.example:3128' },
          'http://u:p%40@proxy.example:3128/',
        ],
      ];
    for (const [url, variables, expected] of cases) {
      assert.equal(await proxyOf(url, variables), expected, `${url} ${JSON.stringify(variables)}`);
    }
  });

  it('have exceptions in NO_PROXY: hosts, domains with and without a dot, ports, networks', async () => {
    const exempt = (url: string, NO_PROXY: string) =>
      proxyOf(url, { HTTPS_PROXY: 'http://proxy.example:3128', NO_PROXY }).then(
        (found) => found === undefined,
      );
    for (const entry of [
      '*',
      'ec2.us-east-1.amazonaws.com',
      '.amazonaws.com',
      'amazonaws.com',
      '*.amazonaws.com',
      'a.example, AMAZONAWS.com',
      'ec2.us-east-1.amazonaws.com:443',
    ]) {
      assert(await exempt(EC2, entry), entry);
    }
    for (const entry of [
      '',
      'aws.com',
      'us-east-1',
      'ec2.us-east-1.amazonaws.com:8443',
      '10.0.0.0/8',
    ]) {
      assert(!(await exempt(EC2, entry)), entry);
    }
    assert(
      await exempt('https://10.3.0.4/', '10.0.0.0/8'),
      "no exempt('https://10.3.0.4/', '10.0.0.0/8')",
    );
    assert(
      !(await exempt('https://11.3.0.4/', '10.0.0.0/8')),
      "there is exempt('https://11.3.0.4/', '10.0.0.0/8')",
    );
    assert(
      await exempt('https://[fd00::4]/', 'fd00::/8'),
      "no exempt('https://[fd00::4]/', 'fd00::/8')",
    );
    assert(
      !(await exempt('https://10.3.0.4/', '10.0.0.0/99')),
      "there is exempt('https://10.3.0.4/', '10.0.0.0/99')",
    );
  });

  it('never send the metadata service of an instance, or this machine itself, to a proxy', async () => {
    for (const url of [
      'http://169.254.169.254/latest/',
      'http://[fd00:ec2::254]/latest/',
      'http://169.254.170.2/v2/',
      'http://localhost:8080/',
      'http://127.0.0.1:8080/',
      'http://[::1]:8080/',
      'http://x.localhost/',
    ]) {
      assert.equal(await proxyOf(url, { HTTP_PROXY: 'http://proxy.example:3128' }), undefined, url);
    }
  });

  it('that are of no use are refused by name, without a password', async () => {
    const cases: [value: string, complaint: RegExp][] = [
      ['socks5://u:hunter2@proxy.example:1080', /HTTPS_PROXY is a socks5: proxy/],
      ['http://u:hunter2@proxy.example:port', /HTTPS_PROXY is not a URL/],
    ];
    for (const [value, complaint] of cases) {
      await assert.rejects(proxyOf(EC2, { HTTPS_PROXY: value }), (error) => {
        assert(error instanceof ProxyError, String(error));
        assert.match(error.message, complaint);
        assert.match(error.next, /http:\/\/HOST:PORT/);
        assert.doesNotMatch(error.message + error.next, /hunter2/);
        return true;
      });
    }
  });
});
