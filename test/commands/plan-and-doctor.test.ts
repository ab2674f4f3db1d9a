import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Check } from '../../src/model/check.js';
import type { PlanSummary } from '../../src/model/plan/plan-summary.js';
import type { ComposeServer } from '../../src/local/compose-server/compose-server.js';
import { startComposeServer } from '../../src/local/compose-server/compose-server.js';
import { writeSampleCompose } from '../../src/local/compose-server/sample-compose.js';
import type { Simulator } from '../../src/simulator/index.js';
import { startSimulator } from '../../src/simulator/index.js';
import { CloudControl } from '../support/cloud-control.js';
import { writeConfig } from '../support/publisher-config.js';
import { testTemporal } from '../support/temporal.js';
import { runCli } from './run-cli.js';

const COMPOSE_ID = 'Fedora-Cloud-43-20251021.0';

/** EC2's default configuration: two architectures, 17 regions, a quota of 5 public AMIs in each. */
describe('a default account before its first publication', () => {
  let directory = '';
  let server: ComposeServer;
  let simulator: Simulator;
  let env: NodeJS.ProcessEnv = {};
  let imageUrl = '';

  before(async function () {
    this.timeout(300_000);
    directory = await mkdtemp(path.join(tmpdir(), 'fedimg-test-doctor-'));
    server = await startComposeServer({ directory });
    simulator = await startSimulator({
      stateDir: path.join(directory, 'cloud'),
      latency: 'instant',
      // A new account also blocks public AMIs; here the operator has lifted that.
      settings: { regions: { '*': { imageBlockPublicAccess: 'unblocked' } } },
      credentials: { accessKeyId: 'AKIATESTTESTTESTTEST', secretAccessKey: 'secret' },
    });
    const compose = await writeSampleCompose({
      directory,
      composeId: COMPOSE_ID,
      baseUrl: server.url,
      rawDirectory: directory,
      rawSizeBytes: 32 * 1024 * 1024,
      dataBytes: 64 * 1024,
      architectures: ['x86_64', 'aarch64'],
    });
    imageUrl = compose.images[0]?.url ?? '';
    const temporal = await testTemporal();
    const options = {
      publish: ['regions = "all"'],
      test: ['security_group = "sg-0123456789abcdef0"'],
    };
    await writeConfig({ directory, options, server, taskQueue: 'without-worker' });
    env = {
      ...temporal.server.env,
      AWS_ENDPOINT_URL: simulator.url,
      AWS_ACCESS_KEY_ID: simulator.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: simulator.credentials.secretAccessKey,
    };
  });
  after(async () => {
    await simulator.close();
    await server.close();
    await rm(directory, { recursive: true, force: true });
  });

  it('hears from `doctor` what is missing, each with the command or the key that mends it', async () => {
    const { code, stdout, stderr } = await runCli(['doctor', '-o', 'json'], {
      cwd: directory,
      env,
    });
    assert.equal(code, 1, stderr);
    const checks = JSON.parse(stdout) as Check[];
    const of = (area: string, what: string) =>
      checks.find((one) => one.area === area && one.what === what);
    const quota = of('us-east-1', 'quota of public AMIs');
    assert.equal(quota?.state, 'failure', 'the home region is required');
    assert.match(
      quota?.next ?? '',
      /--quota-code L-0E3CBAB9 --desired-value 6 --region us-east-1$/,
    );
    assert.equal(of('eu-west-1', 'quota of public AMIs')?.state, 'warning');
    assert.equal(of('eu-west-2', 'quota of public AMIs')?.state, 'ok', 'it has no PV AMIs');
    const group = checks.find(({ detail }) =>
      detail.includes('sg-0123456789abcdef0 does not exist'),
    );
    assert.match(group?.next ?? '', /test\.security_group/);
    assert.equal(of('temporal', 'search attributes')?.state, 'ok');
    assert.match(of('temporal', 'worker')?.next ?? '', /fedimg worker/);
    assert.equal(of('us-east-1', 'ec2:RegisterImage')?.state, 'ok');
    assert.match(of('network', 'proxy')?.detail ?? '', /^127\.0\.0\.1:\d+ directly/);
  });

  it('hears from `doctor` which proxy is used for what, and from `plan` which permission its role lacks', async () => {
    const proxied = { ...env, HTTP_PROXY: 'http://u:hunter2@proxy.invalid:3128' };
    const config = path.join(directory, 'fedimg.toml');
    const text = await readFile(config, 'utf8');
    await writeFile(config, text.replace('allow = [', 'allow = ["http://images.invalid/", '));
    const doctor = await runCli(['doctor'], { cwd: directory, env: proxied });
    assert.match(doctor.stdout, /images\.invalid through http:\/\/proxy\.invalid:3128/);
    assert.doesNotMatch(doctor.stdout + doctor.stderr, /hunter2/);
    const cloud = new CloudControl(simulator.url);
    await cloud.setFaults([{ action: 'DescribeRegions', kind: 'refusal', count: 0 }]);
    const plan = await runCli(['plan', imageUrl, '--arch', 'x86_64'], { cwd: directory, env });
    await cloud.setFaults([]);
    assert.equal(plan.code, 4, plan.stderr);
    assert.match(plan.stderr, /ec2:DescribeRegions in us-east-1/);
    assert.match(plan.stderr, /next: Allow ec2:DescribeRegions in us-east-1/);
  });

  it('hears from `plan` which image fits and which one does not, and nothing is changed', async () => {
    await writeConfig({
      directory,
      options: { publish: ['regions = "all"'] },
      server,
      taskQueue: 'without-worker',
    });
    const message = {
      compose_id: COMPOSE_ID,
      status: 'FINISHED',
      location: `${server.url}/${COMPOSE_ID}/compose`,
    };
    await writeFile(path.join(directory, 'message.json'), JSON.stringify(message));
    const cloud = new CloudControl(simulator.url);
    const before = await cloud.effects();
    const answer = await runCli(['plan', 'message.json', '-o', 'json'], { cwd: directory, env });
    assert.equal(answer.code, 1, answer.stderr);
    const [plan, failed] = JSON.parse(answer.stdout) as [
      PlanSummary,
      { failure: { next: string } },
    ];
    assert.equal(plan.regions.length, 17);
    assert.deepEqual(
      plan.regions[0]?.amis
        .map(({ variant }) => variant)
        .sort()
        .at(0),
      'hvm-gp2',
    );
    assert(
      plan.about.seconds > 60 && (plan.about.monthlyUsd ?? Number.NaN) > 0,
      String(plan.about.seconds),
    );
    assert.match(failed.failure.next, /for region in us-east-1 .*--desired-value 6/);
    const made = (await cloud.effects()).slice(before.length);
    assert(made.length > 0, String(made.length));
    const isRead = /^(?:Describe|Get|List)/;
    const writes = made.filter(({ action, result }) => result === 'ok' && !isRead.test(action));
    assert.deepEqual(writes, []);
  });
});
