import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DescribeRegionsCommand } from '@aws-sdk/client-ec2';
import { execa } from 'execa';
import { GetServiceQuotaCommand } from '@aws-sdk/client-service-quotas';
import { GetParameterCommand } from '@aws-sdk/client-ssm';
import { classifyAwsError } from '../../src/aws/errors.js';
import { Aws, AWS_DEFAULTS } from '../../src/aws/region-access.js';
import { SourceError } from '../../src/fetch/errors.js';
import { createHttpSession } from '../../src/fetch/http-session.js';
import { createUrlPolicy } from '../../src/fetch/url-policy.js';
import type { RegionAccess } from '../../src/aws/region-access.js';
import { startServer } from '../fetch/local-server.js';
import { closeTestClouds, openTestCloud, testCredentials } from '../simulator/cloud-fixture.js';
import { createAuthority } from '../support/certificates.js';
import type { HttpProxy, HttpProxyOptions } from '../support/http-proxy.js';
import { startHttpProxy, withProxyVariables } from '../support/http-proxy.js';

async function withProxy(
  options: HttpProxyOptions,
  body: (proxy: HttpProxy) => Promise<void>,
): Promise<void> {
  const proxy = await startHttpProxy(options);
  try {
    await body(proxy);
  } finally {
    await proxy.close();
  }
}

const NO_REGIONS = '<DescribeRegionsResponse><regionInfo/></DescribeRegionsResponse>';

/** Of AWS itself: the tests refuse the connection before anything leaves this machine. */
async function withAws(
  access: { endpoint?: string },
  body: (ec2: RegionAccess) => Promise<void>,
): Promise<void> {
  const aws = new Aws(AWS_DEFAULTS, { ...access, credentials: testCredentials });
  try {
    await body(aws.region('us-east-1'));
  } finally {
    aws.destroy();
  }
}

function describeRegions({ ec2Once }: RegionAccess): Promise<unknown> {
  return ec2Once.send(new DescribeRegionsCommand({}));
}

async function fetched(url: string): Promise<string> {
  const policy = createUrlPolicy({ allow: [new URL('/', url).href] });
  const session = createHttpSession({ policy });
  try {
    const response = await session.get(url, {});
    return String(await response.peek(1000));
  } finally {
    session.close();
  }
}

describe('a machine that reaches the Internet only through a proxy', () => {
  afterEach(() => closeTestClouds());

  it('tunnels the calls of all AWS services there', async () => {
    await withProxy({ status: 403 }, async ({ host, tunnels }) => {
      const variables = { HTTPS_PROXY: `http://${host}` };
      await withProxyVariables(variables, () =>
        withAws({}, async ({ ec2Once, ssm, quotas }) => {
          const calls = [
            ec2Once.send(new DescribeRegionsCommand({})),
            ssm.send(new GetParameterCommand({ Name: '/x' })),
            quotas.send(new GetServiceQuotaCommand({ ServiceCode: 'ec2', QuotaCode: 'L-0' })),
          ];
          for (const call of calls) await assert.rejects(call, /refuses a connection.*status 403/);
        }),
      );
      const services = ['ec2', 'servicequotas', 'ssm'];
      assert.deepEqual(
        [...new Set(tunnels)].sort(),
        services.map((service) => `${service}.us-east-1.amazonaws.com:443`),
      );
    });
  });

  it('asks STS for a role there, at the endpoint of the region', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'fedimg-test-proxy-'));
    const file = join(directory, 'config');
    const keys = 'aws_access_key_id = AKIATESTTESTTESTTEST\naws_secret_access_key = secret\n';
    const role = 'role_arn = arn:aws:iam::111122223333:role/fedimg\nsource_profile = base\n';
    await writeFile(file, `[profile base]\n${keys}[profile worker]\n${role}`);
    const none = { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined };
    const profile = { AWS_CONFIG_FILE: file, AWS_SHARED_CREDENTIALS_FILE: file };
    const script = `
      import { DescribeRegionsCommand } from '@aws-sdk/client-ec2';
      import { Aws } from './src/aws/region-access.js';
      const { ec2Once } = new Aws().region('eu-west-1');
      await ec2Once.send(new DescribeRegionsCommand({})).catch(() => process.exit(0));`;
    await withProxy({ status: 403 }, async ({ host, tunnels }) => {
      const env = { ...none, ...profile, AWS_PROFILE: 'worker', HTTPS_PROXY: `http://${host}` };
      await execa('npx', ['tsx', '--input-type=module', '-e', script], { env });
      assert.deepEqual([...new Set(tunnels)], ['sts.eu-west-1.amazonaws.com:443']);
    });
    await rm(directory, { recursive: true, force: true });
  });

  it('works there: EC2 and the image server answer, and connections are kept', async () => {
    const server = await startServer(({ headers }, response) =>
      response.end(headers.host === 'ec2.example' ? NO_REGIONS : 'an image'),
    );
    await withProxy({ portOf: () => server.port }, async (proxy) => {
      const variables = { HTTP_PROXY: `http://u:p%40ss@${proxy.host}` };
      await withProxyVariables(variables, async () => {
        await withAws({ endpoint: 'http://ec2.example' }, async (ec2) => {
          for (let call = 0; call < 3; call += 1) await describeRegions(ec2);
        });
        assert.equal(proxy.connections(), 1, 'the connection of the first call is kept');
        assert.equal(await fetched('http://images.example/a.raw.xz'), 'an image');
      });
      const { forwarded, logins } = proxy;
      assert.deepEqual(forwarded, [...Array<string>(3).fill('ec2.example'), 'images.example']);
      assert.deepEqual([...new Set(logins)], ['u:p@ss']);
    });
    await server.close();
  });

  it('downloads over TLS in a tunnel that the proxy cannot read', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'fedimg-test-proxy-'));
    const { caFile, issue } = await createAuthority(directory);
    const request = { name: 'server', commonName: 'images.example', usage: 'serverAuth' } as const;
    const { certFile, keyFile } = await issue({
      ...request,
      alternativeNames: 'DNS:images.example',
    });
    const tls = { cert: await readFile(certFile), key: await readFile(keyFile) };
    const server = createServer(tls, (_request, response) => response.end('an image'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const script = `
      import { createHttpSession } from './src/fetch/http-session.js';
      import { createUrlPolicy } from './src/fetch/url-policy.js';
      const policy = createUrlPolicy({ allow: ['https://images.example/'] });
      const session = createHttpSession({ policy });
      for (const name of ['a', 'b']) {
        const response = await session.get('https://images.example/' + name, {});
        console.log(String(await response.read(1000, () => new Error('too large'))));
      }
      session.close();`;
    await withProxy({ portOf: () => port }, async ({ host, tunnels }) => {
      const env = { HTTPS_PROXY: `http://${host}`, NODE_EXTRA_CA_CERTS: caFile };
      const { stdout } = await execa('npx', ['tsx', '--input-type=module', '-e', script], { env });
      assert.equal(stdout, 'an image\nan image');
      assert.deepEqual(tunnels, ['images.example:443'], 'one tunnel for both, which is kept');
    });
    server.closeAllConnections();
    server.close();
    await rm(directory, { recursive: true, force: true });
  });

  it('connects directly to what NO_PROXY names', async () => {
    const cloud = await openTestCloud();
    await withProxy({}, async ({ host, tunnels, forwarded }) => {
      const proxy = `http://${host}`;
      const variables = { HTTPS_PROXY: proxy, HTTP_PROXY: proxy, NO_PROXY: 'images.example' };
      await withProxyVariables(variables, async () => {
        await withAws({ endpoint: cloud.url }, async (ec2) => void (await describeRegions(ec2)));
        await assert.rejects(fetched('http://images.example/a'), /ENOTFOUND|EAI_AGAIN/);
      });
      assert.deepEqual([...tunnels, ...forwarded], []);
    });
  });
});

describe('a proxy that cannot be used', () => {
  it('is named by the error, without its password, with what to do', async () => {
    await withProxy({ status: 407 }, async ({ host }) => {
      const proxy = `http://u:hunter2@${host}`;
      await withProxyVariables({ HTTPS_PROXY: proxy, HTTP_PROXY: proxy }, async () => {
        const named = new RegExp(`the proxy http://${host} refuses a connection to .* status 407`);
        for (const endpoint of ['https://ec2.example', 'http://ec2.example']) {
          await withAws({ endpoint }, async (ec2) => {
            const error: unknown = await describeRegions(ec2).catch((thrown: unknown) => thrown);
            const failure = classifyAwsError(error);
            assert.match(failure?.message ?? String(error), named);
            assert.equal(failure?.class, 'unreachable', 'tried again: the proxy may come back');
            assert.match(failure.next, /user and password into HTTPS_PROXY/);
            assert.doesNotMatch(failure.message + failure.next, /hunter2/);
          });
        }
        for (const url of ['https://images.example/a', 'http://images.example/a']) {
          await assert.rejects(fetched(url), (error) => {
            assert(error instanceof SourceError && error.code === 'PROXY', String(error));
            assert.match(error.message, named);
            assert.doesNotMatch(error.message + error.next, /hunter2/);
            return error.retryable;
          });
        }
      });
    });
  });

  it('because it does not run is told from a region that does not answer', async () => {
    let host = '';
    await withProxy({}, (proxy) => Promise.resolve(void (host = proxy.host)));
    await withProxyVariables({ HTTPS_PROXY: `http://${host}` }, async () => {
      await withAws({}, async (ec2) => {
        await assert.rejects(describeRegions(ec2), (error) => {
          const { message = '', next = '' } = classifyAwsError(error) ?? {};
          assert.match(message, new RegExp(`the proxy http://${host}, .*: ECONNREFUSED`));
          assert.match(next, /NO_PROXY/);
          return true;
        });
      });
      await assert.rejects(fetched('https://images.example/a'), /the proxy .*: ECONNREFUSED/);
    });
  });

  it('because it accepts connections and never answers holds up no call', async () => {
    const silent = createTcpServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    await withProxyVariables({ HTTPS_PROXY: `http://127.0.0.1:${port}` }, async () => {
      const settings = { ...AWS_DEFAULTS, requestTimeoutMs: 1_500 };
      const aws = new Aws(settings, { credentials: testCredentials });
      await assert.rejects(
        describeRegions(aws.region('us-east-1')),
        /the proxy .*: no answer within 1 s/,
      );
      aws.destroy();
    });
    silent.close();
  });
});
