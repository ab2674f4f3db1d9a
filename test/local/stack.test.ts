import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { chooseConfig } from '../../src/commands/shared/dev-config.js';
import { leftovers } from '../../src/local/cloud-resources.js';
import { BOOT_SECTOR_TEST, writeLocalConfig } from '../../src/local/config.js';
import { createLocalCredentials } from '../../src/local/credentials.js';
import {
  awsVariables,
  environmentForLocalCloud,
  temporalPathLine,
} from '../../src/local/environment.js';
import { compareSnapshots } from '../../src/local/snapshot-check.js';
import { readStackNote, writeStackNote } from '../../src/local/stack-note.js';
import { loadConfig } from '../../src/config/load.js';
import { openStateDir, stateDirPath } from '../../src/local/state-dir.js';
import type { AmiRecord } from '../../src/model/progress/progress.js';
import { until } from '../support/until.js';
import { startCli } from '../commands/run-cli.js';

describe('a local stack', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'fedimg-stack-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('writes a configuration that its worker accepts, with the home region first', async () => {
    const allow = ['http://127.0.0.1:8000/'];
    const settings = { deployment: 'demo', taskQueue: 'queue-1', allow };
    const written = await writeLocalConfig(folder, settings, { content: BOOT_SECTOR_TEST });
    const { config, file } = await loadConfig({ path: written, env: {}, cwd: '/' });
    assert.equal(file, written);
    assert.deepEqual([config.amis[0].region, config.amis[0].ami], ['us-east-1', 'al2023']);
    assert.deepEqual(config.source.allow, allow);
    assert.equal(config.worker.taskQueue, 'queue-1');
    assert.equal(await readFile(config.test.script, 'utf8'), BOOT_SECTOR_TEST);
  });

  it('starts with the configuration of an earlier fedimg whose folder has been removed', async () => {
    const dev = { stateDir: folder, latency: 'fast' as const };
    const { file } = await chooseConfig(undefined, dev);
    const written = await readFile(file, 'utf8');
    assert.doesNotMatch(written, /^agent_key = "\//m, 'a path of the folder that fedimg runs from');
    await rm(path.join(folder, 'agent-key.asc'));
    const again = await chooseConfig(undefined, dev);
    assert.deepEqual([again.file, again.own], [file, true]);
  });

  it('waits and looks as production does when the cloud takes as long as EC2: 200 ms made 19,000 calls', async () => {
    const settings = { deployment: 'dev', taskQueue: 'dev', allow: ['http://127.0.0.1:8000/'] };
    const at = async (latency: 'fast' | 'aws') => {
      const path = await writeLocalConfig(
        folder,
        { ...settings, latency },
        { content: BOOT_SECTOR_TEST },
      );
      const { config } = await loadConfig({ path, env: {}, cwd: '/' });
      return { path, timing: config.timing };
    };
    const [fast, aws] = [await at('fast'), await at('aws')];
    assert.notEqual(aws.path, fast.path);
    assert.equal(fast.timing.pollIntervalMs, 200);
    assert.equal(aws.timing.pollIntervalMs, undefined);
    assert.equal(aws.timing.scale, 1);
  });

  it("keeps the user's own AWS account out of its environment", () => {
    const variables = awsVariables('http://127.0.0.1:1', createLocalCredentials());
    const env = environmentForLocalCloud(
      {
        PATH: '/bin',
        AWS_PROFILE: 'production',
        AWS_SESSION_TOKEN: 't',
        AWS_ENDPOINT_URL_EC2: 'x',
      },
      variables,
    );
    assert.equal(env['PATH'], '/bin');
    assert.equal(env['AWS_ENDPOINT_URL'], 'http://127.0.0.1:1');
    for (const name of ['AWS_PROFILE', 'AWS_SESSION_TOKEN', 'AWS_ENDPOINT_URL_EC2']) {
      assert(!(name in env), name);
    }
    assert.equal(env['AWS_SHARED_CREDENTIALS_FILE'], '/dev/null');
  });

  it("gives the shell Temporal's command line, which `dev` keeps in its cache", () => {
    const cli = '/home/u/.cache/fedimg/temporal/1.9.1/temporal';
    const [line = ''] = temporalPathLine(cli, { PATH: '/usr/bin' });
    assert.equal(line, `export PATH="$PATH":'/home/u/.cache/fedimg/temporal/1.9.1'`);
    assert.deepEqual(temporalPathLine('/usr/bin/temporal', { PATH: '/bin:/usr/bin' }), []);
    assert.deepEqual(temporalPathLine(undefined, {}), []);
  });

  it('is found by other commands only while its process runs', async () => {
    const env = { XDG_STATE_HOME: folder };
    assert.equal(await readStackNote(env), undefined);
    const state = await openStateDir({ name: 'dev', env });
    const note = {
      pid: process.pid,
      address: '127.0.0.1:7233',
      namespace: 'default',
      uiUrl: 'http://127.0.0.1:8233',
      simulatorUrl: 'http://127.0.0.1:8234',
      configFile: '/a.toml',
      taskQueue: 'fedimg',
    };
    await writeStackNote(stateDirPath('dev', env), note);
    assert.deepEqual(await readStackNote(env), note);
    await writeStackNote(stateDirPath('dev', env), { ...note, pid: 2 ** 22 + 1 });
    assert.equal(await readStackNote(env), undefined);
    await state.release();
  });

  it('removes its processes and its folder when it is stopped in the middle of its start', async function () {
    this.timeout(300_000);
    const child = startCli(['demo'], { env: { TMPDIR: folder, HOME: process.env['HOME'] ?? '' } });
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const exited = once(child, 'exit');
    // All its processes have its folder in their arguments.
    await until('the simulator answers', () => said.includes('EC2 and SSM:'));
    const demos = async () => (await readdir(folder)).filter((name) => name.startsWith('fedimg-'));
    const [demo = ''] = await demos();
    assert.notEqual(demo, '');
    assert((await processesWith(demo)).length > 0, 'no process of the demo');
    child.kill('SIGINT');
    const [code] = (await exited) as [number | null];
    assert.equal(code, 130, said);
    assert.deepEqual(await processesWith(demo), []);
    assert.deepEqual(await demos(), []);
  });
});

describe('the check of the local cloud', () => {
  const raw = Buffer.from('the raw image');
  const rawSha256 = createHash('sha256').update(raw).digest('hex');
  const images = [{ name: 'disk', rawSha256, rawSizeBytes: raw.length }];
  const ami = (regionName: string): AmiRecord => ({
    compose: 'c',
    release: '43',
    image: 'disk',
    arch: 'x86_64',
    virt: 'hvm',
    volumeType: 'gp2',
    region: regionName,
    ami: 'ami-1',
    snapshot: `snap-${regionName}`,
    name: 'disk',
    public: true,
    tested: true,
  });

  it('reports each snapshot whose bytes differ from the image, or are not zero after it', async () => {
    const bodies: Record<string, Buffer> = {
      good: Buffer.concat([raw, Buffer.alloc(3_000_000)]),
      other: Buffer.concat([Buffer.from('the raw imagE'), Buffer.alloc(100)]),
      short: raw.subarray(0, 5),
      dirty: Buffer.concat([raw, Buffer.alloc(2_000_000), Buffer.from('x')]),
    };
    let reads = 0;
    const server = createServer((request, response) => {
      const [, , , region = ''] = (request.url ?? '').split('/');
      const body = bodies[region === 'copy' ? 'good' : region];
      if (request.method === 'GET') reads += 1;
      response.statusCode = body === undefined ? 404 : 200;
      if (['good', 'copy'].includes(region)) response.setHeader('ETag', '"one file"');
      response.end(request.method === 'HEAD' ? undefined : body);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const regions = ['good', 'copy', 'other', 'short', 'dirty', 'absent'];
      const { compared, wrong } = await compareSnapshots(url, regions.map(ami), images);
      assert.equal(compared, 6);
      assert.equal(reads, 5, 'the copy is the same file, and read once');
      const said = [...wrong].sort();
      assert.equal(said.length, 4, said.join('\n'));
      assert.match(said[0] ?? '', /^absent snap-absent: .*HTTP 404/);
      assert.match(said[1] ?? '', /^dirty snap-dirty: is not zero behind/);
      assert.match(said[2] ?? '', /^other snap-other: sha256 is/);
      assert.match(said[3] ?? '', /^short snap-short: has 5 bytes, the image 13/);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it('reports instances and volumes that a run has left', () => {
    const resource = { id: 'x', region: 'us-east-1', public: false };
    const tags = { 'fedimg:workflow': 'image/a' };
    const left = leftovers([
      { ...resource, type: 'instance', state: 'running', tags },
      { ...resource, type: 'instance', state: 'terminated', tags },
      { ...resource, type: 'volume', state: 'available', tags },
      { ...resource, type: 'volume', state: 'in-use', tags: {} },
      { ...resource, type: 'image', state: 'available', tags },
    ]);
    assert.deepEqual(
      left.map(({ type }) => type),
      ['instance', 'volume'],
    );
  });
});

/** Command lines of other processes that contain the text. */
async function processesWith(text: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (commandLine.includes(text)) found.push(`${pid} ${commandLine.replaceAll('\0', ' ')}`);
  }
  return found;
}
