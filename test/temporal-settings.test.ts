import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NativeConnection, Worker } from '@temporalio/worker';
import { connectToTemporal } from '../src/client/connection.js';
import { ClientError } from '../src/client/errors.js';
import { startImage } from '../src/client/start.js';
import { readStatus } from '../src/client/status.js';
import { DEFAULT_DEPLOYMENT } from '../src/model/ids/installation.js';
import { temporalSettings } from '../src/temporal-settings.js';
import { byHand } from './client/client-fixture.js';
import { runCli } from './commands/run-cli.js';
import { LEAST } from './config/config-files.js';
import type { Certificate, CertificateAuthority } from './support/certificates.js';
import { createAuthority } from './support/certificates.js';
import { fakeActivities } from './support/fake-activities.js';
import type { SecureTemporal } from './support/secure-temporal.js';
import { startSecureTemporal } from './support/secure-temporal.js';
import { testTemporal } from './support/temporal.js';
import { testBundle } from './support/workflow-worker.js';

const KEY = 'key-of-the-publisher';

describe('a Temporal server with TLS, client certificates and an API key', () => {
  let folder = '';
  let authority: CertificateAuthority | undefined;
  let client: Certificate | undefined;
  let secure: SecureTemporal | undefined;
  let namespace = '';

  before(async function () {
    this.timeout(300_000);
    folder = await mkdtemp(join(tmpdir(), 'fedimg-test-tls-'));
    authority = await createAuthority(folder);
    const alternativeNames = 'DNS:temporal.example.org,DNS:localhost';
    const [certificate, issued, { server }] = await Promise.all([
      authority.issue({
        name: 'server',
        commonName: 'temporal',
        usage: 'serverAuth',
        alternativeNames,
      }),
      authority.issue({ name: 'client', commonName: 'fedimg', usage: 'clientAuth' }),
      testTemporal(),
    ]);
    client = issued;
    ({ namespace } = server);
    const { caFile: clientCaFile } = authority;
    const upstream = server.address;
    secure = await startSecureTemporal({ upstream, certificate, clientCaFile, apiKey: KEY });
    await writeFile(join(folder, 'temporal.toml'), profile());
  });
  after(async () => {
    await secure?.close();
    await rm(folder, { recursive: true, force: true });
  });

  function profile(): string {
    return `
[profile.production]
address = "${secure?.address}"
namespace = "${namespace}"
api_key = "${KEY}"
[profile.production.tls]
server_ca_cert_path = "${authority?.caFile}"
client_cert_path = "${client?.certFile}"
client_key_path = "${client?.keyFile}"
`;
  }

  const withProfile = (): NodeJS.ProcessEnv => ({
    TEMPORAL_CONFIG_FILE: join(folder, 'temporal.toml'),
    TEMPORAL_PROFILE: 'production',
  });

  /** The same settings as variables. */
  const withVariables = (): Record<string, string> => ({
    TEMPORAL_CONFIG_FILE: '/nowhere/temporal.toml',
    TEMPORAL_ADDRESS: secure?.address ?? '',
    TEMPORAL_NAMESPACE: namespace,
    TEMPORAL_API_KEY: KEY,
    TEMPORAL_TLS_SERVER_CA_CERT_PATH: authority?.caFile ?? '',
    TEMPORAL_TLS_CLIENT_CERT_PATH: client?.certFile ?? '',
    TEMPORAL_TLS_CLIENT_KEY_PATH: client?.keyFile ?? '',
  });

  async function refusal(change: Record<string, string>): Promise<ClientError> {
    const set = Object.entries({ ...withVariables(), ...change }).filter(([, value]) => value);
    const env = Object.fromEntries(set);
    try {
      const access = await connectToTemporal({ env, connectTimeoutMs: 1_000 });
      await access.close();
    } catch (error) {
      assert(error instanceof ClientError, String(error));
      return error;
    }
    throw new assert.AssertionError({ message: 'the server accepts these settings' });
  }

  it('publishes an image: worker and client take certificate, key and namespace from a profile', async () => {
    const env = withProfile();
    const settings = temporalSettings(env);
    const connection = await NativeConnection.connect(settings.connectionOptions);
    const taskQueue = `test-${randomUUID()}`;
    const access = await connectToTemporal({ env });
    try {
      const worker = await Worker.create({
        ...{ connection, taskQueue, namespace, debugMode: true },
        activities: fakeActivities().activities,
        workflowBundle: await testBundle(),
      });
      await worker.runUntil(async () => {
        const session = { access, uiUrl: undefined, deployment: DEFAULT_DEPLOYMENT };
        const { workflowId } = await startImage(session, byHand(), { taskQueue });
        await access.client.workflow.getHandle(workflowId).result();
        assert.equal((await readStatus(session, { workflowId })).outcome, 'published');
      });
    } finally {
      await access.close();
      await connection.close();
    }
    const seen = secure?.seen ?? [];
    for (const method of ['StartWorkflowExecution', 'RespondActivityTaskCompleted']) {
      const call = seen.find((one) => one.method === method) ?? assert.fail(method);
      assert.equal(call.client, 'fedimg', method);
      assert.equal(call.authorization, `Bearer ${KEY}`, method);
      // Temporal Cloud finds the namespace of a call by this.
      assert.equal(call.namespace, namespace, method);
    }
  });

  it('takes the same settings from variables', async () => {
    const access = await connectToTemporal({ env: withVariables() });
    await access.close();
  });

  it('names the cause when it refuses a client: no certificate, another authority, another name, no TLS', async () => {
    const without = { TEMPORAL_TLS_CLIENT_CERT_PATH: '', TEMPORAL_TLS_CLIENT_KEY_PATH: '' };
    const noCertificate = await refusal(without);
    assert.match(noCertificate.message, /asks for a client certificate/);
    assert.match(noCertificate.next, /TEMPORAL_TLS_CLIENT_CERT_PATH/);
    const unknown = await refusal({ TEMPORAL_TLS_SERVER_CA_CERT_PATH: '' });
    assert.match(unknown.message, /not from a known authority/);
    assert.match(unknown.next, /TEMPORAL_TLS_SERVER_CA_CERT_PATH/);
    const misnamed = await refusal({ TEMPORAL_TLS_SERVER_NAME: 'other.example.org' });
    assert.match(misnamed.message, /for another name/);
    const plain = await refusal({
      ...without,
      ...{ TEMPORAL_API_KEY: '', TEMPORAL_TLS_SERVER_CA_CERT_PATH: '' },
    });
    assert.match(plain.message, /with TLS only, and TLS is not set/);
    assert.match(plain.next, /TEMPORAL_TLS=true/);
    const { server } = await testTemporal();
    const needless = await refusal({ TEMPORAL_ADDRESS: server.address });
    assert.match(needless.message, /does not answer with TLS, and TLS is set/);
  });

  it('refuses half a pair: the SDK would leave out the certificate, and the server would refuse for a reason of its own', async () => {
    const half = await refusal({ TEMPORAL_TLS_CLIENT_KEY_PATH: '' });
    assert.equal(half.kind, 'configuration');
    assert.match(half.message, /client certificate is set, but not TEMPORAL_TLS_CLIENT_KEY_PATH/);
    const lost = await refusal({ TEMPORAL_TLS_CLIENT_CERT_PATH: '/nowhere/client.crt' });
    assert.equal(lost.kind, 'configuration');
    assert.match(lost.message, /nowhere\/client\.crt/);
  });

  it('refuses a wrong API key: worker and client end with the exit code of credentials', async () => {
    const wrong = { ...withVariables(), TEMPORAL_API_KEY: 'another' };
    await writeFile(join(folder, 'smoke.sh'), 'true\n');
    await writeFile(join(folder, 'fedimg.toml'), LEAST);
    const keys = { AWS_ACCESS_KEY_ID: 'AKIATESTTESTTESTTEST', AWS_SECRET_ACCESS_KEY: 'secret' };
    for (const command of ['worker', 'status']) {
      const { code, stderr } = await runCli([command], { cwd: folder, env: { ...wrong, ...keys } });
      assert.equal(code, 4, `${command}: ${stderr}`);
      assert.match(stderr, /refuses these credentials.*\n.*TEMPORAL_API_KEY/, command);
      assert(!stderr.includes('another'), 'the key is not shown');
    }
  });
});
