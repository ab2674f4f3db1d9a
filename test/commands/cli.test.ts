import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { wantedCommand } from '../../src/commands/program.js';
import { testTemporal } from '../support/temporal.js';
import { runCli, runHere } from './run-cli.js';

describe('the command line', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'fedimg-cli-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** Without the stack, configuration and profile of the user who runs the tests. */
  const home = () => ({ HOME: folder, XDG_STATE_HOME: folder, XDG_CONFIG_HOME: folder });
  const run = (args: string[], env: NodeJS.ProcessEnv = {}, input = '') =>
    runCli(args, { env: { ...home(), ...env }, cwd: folder, input });
  /** Without a process of its own. */
  const here = (args: string[], env: NodeJS.ProcessEnv = {}) =>
    runHere(args, { env: { ...home(), ...env }, cwd: folder });

  it('prints its help to stdout', async () => {
    const { code, stdout, stderr } = await run(['--help']);
    assert.equal(code, 0);
    assert.equal(stderr, '');
    for (const name of [
      'demo',
      'dev',
      'worker',
      'compose',
      'publish',
      'status',
      'amis',
      'cancel',
    ]) {
      assert.match(stdout, new RegExp(`^ {2}${name} `, 'm'));
    }
    assert.match(stdout, /Exit codes:/);
    assert.match(stdout, /Examples:/);
  });

  it('explains each command with examples', async () => {
    for (const name of ['status', 'publish', 'demo']) {
      const { code, stdout } = await here([name, '--help']);
      assert.equal(code, 0);
      assert.match(stdout, new RegExp(`Examples:\\n {2}fedimg ${name}`));
      assert.match(stdout, /--output <format>/);
    }
    assert.match((await here(['compose', 'signal', '--help'])).stdout, /fedimg compose signal/);
  });

  it('gives examples that can be pasted with their comments', async () => {
    const listed = (await here(['--help'])).stdout.matchAll(/^ {2}([a-z]+) {2,}\S/gm);
    const names = [...listed].flatMap(([, name]) => (name === undefined ? [] : [[name]]));
    assert(names.length > 10, 'all commands');
    for (const args of [[], ...names, ['compose', 'signal'], ['config', 'import']]) {
      const { stdout } = await here([...args, '--help']);
      const [, examples = ''] = /^Examples:\n((?: {2}.*\n)+)/m.exec(stdout) ?? [];
      for (const line of examples.split('\n')) {
        const [typed = ''] = line.trim().split(' # ');
        assert.doesNotMatch(typed.trimEnd(), / {2}/, `${args.join(' ')}: ${line}`);
      }
    }
  });

  it('suggests a similar command, with the exit code of wrong usage', async () => {
    const { code, stdout, stderr } = await run(['statsu']);
    assert.equal(code, 2);
    assert.equal(stdout, '');
    assert.match(stderr, /unknown command 'statsu'/);
    assert.match(stderr, /Did you mean status\?/);
    for (const args of [[], ['status', '--wacht'], ['publish'], ['compose']]) {
      assert.equal((await here(args)).code, 2, args.join(' '));
    }
  });

  it('refuses wrong arguments before it connects to a server', async () => {
    const wrong: [string[], RegExp][] = [
      [['publish', 'http://h/a.raw.xz', '--arch', 's390x'], /s390x is not an architecture/],
      [
        ['publish', 'http://h/a.iso', '--arch', 'x86_64'],
        /a\.iso is not the name of a raw disk image/,
      ],
      [['publish', 'ftp://h/a.raw.xz', '--arch', 'x86_64'], /not an http or https URL/],
      [['publish', 'http://h/a.raw.xz', '--arch', 'arm64', '--sha256', 'abc'], /64 hexadecimal/],
      [['status', 'x', '--wait', '--timeout', 'soon'], /--timeout soon is not a duration/],
      [['publish', 'http://h/a.raw.xz', '--arch', 'arm64', '--timeout', '2h'], /--timeout needs/],
      [['compose', 'signal', '-', '--timeout', '2h'], /--timeout needs --wait or --watch/],
      [['retry', 'x', '--timeout', '2h'], /--timeout needs --wait or --watch/],
      [['status', 'x', '--timeout', '2h'], /--timeout needs --wait or --watch/],
      [['status', '--watch'], /--wait and --watch need an id/],
      [
        ['amis', '-o', 'xml'],
        /amis does not have --output xml[^]*Allowed: table, json, jsonl, name/,
      ],
      [['amis', '--from', 's3'], /'s3' is invalid\. Allowed choices are temporal, ec2/],
      [['amis', '--variant', 'hvm-gp9'], /hvm-gp9 is not a variant[^]*hvm-gp2/],
      [['amis', '-o', 'ga', '--ga', 'RC-1.6'], /RC-1\.6 is not a candidate[^]*43-1\.6/],
      [['amis', '--beta', '44-1.2'], /--ga and --beta need -o fedora-websites/],
      [['--color', 'pink', 'amis'], /--color pink is unknown/],
      [['simulator', '--latency', 'slow'], /--latency slow is unknown/],
    ];
    for (const [args, message] of wrong) {
      const { code, stderr, stdout } = await here(args, { TEMPORAL_ADDRESS: '127.0.0.1:1' });
      assert.equal(code, 2, `${args.join(' ')}: ${stderr}`);
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /\n {4}at /);
      assert.equal(stdout, '');
    }
  });

  it('reports an error as one line of JSON when its results are JSON', async () => {
    const elsewhere = { TEMPORAL_ADDRESS: '127.0.0.1:1', FEDIMG_CONFIG: '/nowhere/fedimg.toml' };
    const wrong: [string[], string, number][] = [
      [['status', 'x', '--timeout', '2h', '-o', 'json'], 'UsageError', 2],
      [['status', '--nonsense', '--output=jsonl'], 'UsageError', 2],
      [['statsu', '-ojson'], 'UsageError', 2],
      [['amis', '-o', 'json'], 'ConfigurationError', 2],
      [['publish', 'http://h/a.iso', '--arch', 'x86_64', '-o', 'json'], 'ConfigurationError', 2],
    ];
    for (const [index, [args, type, code]] of wrong.entries()) {
      const result = await (index === 0 ? run : here)(args, elsewhere);
      assert.equal(result.code, code, `${args.join(' ')}: ${result.stderr}`);
      assert.equal(result.stdout, '');
      const error = JSON.parse(result.stderr) as Record<string, unknown>;
      const keys = ['type', 'message', 'step', 'region', 'reason', 'next', 'exitCode'];
      assert.deepEqual(Object.keys(error), keys);
      assert.equal(error['type'], type, result.stderr);
      assert.equal(error['exitCode'], code);
    }
  });

  it('reports all mistakes in a status message', async () => {
    const broken = await run(['compose', 'signal', '-'], {}, '{"compose_id": ');
    assert.equal(broken.code, 2);
    assert.match(broken.stderr, /standard input is not valid JSON/);
    const wrong = await run(
      ['compose', 'signal', '-'],
      {},
      '{"compose_id":"x","status":"FINISHED"}',
    );
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /compose_id "x" is not a compose id/);
    assert.match(wrong.stderr, /location/);
    const none = await here(['compose', 'signal', 'nowhere.json']);
    assert.equal(none.code, 2);
    assert.match(none.stderr, /cannot be read from nowhere\.json/);
  });

  it('reports within seconds that no Temporal server answers, and what to check', async () => {
    // How long a busy machine needs for any output.
    const { ms: helpMs } = await run(['--help']);
    const { code, stderr, ms } = await run(['status'], { TEMPORAL_ADDRESS: '127.0.0.1:1' });
    assert.equal(code, 5);
    assert.match(stderr, /No Temporal server answers at 127\.0\.0\.1:1/);
    assert.match(stderr, /next: Check TEMPORAL_ADDRESS \(HOST:PORT\)/);
    assert(ms < 15_000 + 3 * helpMs, `took ${ms} ms, and --help ${helpMs} ms`);
  });

  it('names the key and the line of a wrong configuration, and starts no worker', async () => {
    await writeFile(path.join(folder, 'fedimg.toml'), 'deployment = 3\n');
    const { code, stderr } = await run(['worker']);
    assert.equal(code, 2);
    assert.match(stderr, /fedimg\.toml:1:\d+: deployment/);
    const none = await here(['worker', '--config', 'nowhere.toml']);
    assert.equal(none.code, 2);
    assert.match(none.stderr, /--config names .*nowhere\.toml, which does not exist/);
  });

  it('does not start a worker without AWS credentials', async () => {
    await writeFile(path.join(folder, 'test.sh'), '#!/bin/sh\nexit 0\n', { mode: 0o755 });
    const amis = '[[amis]]\nregion = "us-east-1"\nami = "al2023"\narch = "x86_64"\n';
    await writeFile(path.join(folder, 'fedimg.toml'), `${amis}[test]\nscript = "test.sh"\n`);
    const { code, stderr } = await run(['worker'], { AWS_EC2_METADATA_DISABLED: 'true' });
    assert.equal(code, 4);
    assert.match(stderr, /no AWS credentials/);
    assert.match(stderr, /next: Set AWS_ACCESS_KEY_ID/);
  });

  it('does not start a worker without a Temporal server, and does not recommend a local one', async () => {
    await writeFile(path.join(folder, 'test.sh'), '#!/bin/sh\nexit 0\n', { mode: 0o755 });
    const amis = '[[amis]]\nregion = "us-east-1"\nami = "al2023"\narch = "x86_64"\n';
    await writeFile(path.join(folder, 'fedimg.toml'), `${amis}[test]\nscript = "test.sh"\n`);
    const { code, stderr } = await run(['worker'], {
      TEMPORAL_ADDRESS: '127.0.0.1:1',
      AWS_ACCESS_KEY_ID: 'id',
      AWS_SECRET_ACCESS_KEY: 'secret',
    });
    assert.equal(code, 5);
    assert.match(stderr, /No Temporal server answers at 127\.0\.0\.1:1/);
    assert.match(stderr, /next: Check TEMPORAL_ADDRESS \(HOST:PORT\)/);
  });

  it('refuses to run the workflows of another Temporal server on the local cloud', async () => {
    const server = 'temporal.example.org:7233';
    const { code, stderr } = await run(['dev', '--state', folder], { TEMPORAL_ADDRESS: server });
    assert.equal(code, 2);
    assert.match(stderr, /TEMPORAL_ADDRESS is temporal\.example\.org:7233, .* not on this machine/);
    assert.match(stderr, /next: Unset it.*`fedimg worker`/);
  });

  it('prints an empty list as JSON, and names what it does not find', async function () {
    this.timeout(300_000);
    const { server } = await testTemporal();
    const list = await run(['status', '-o', 'json'], server.env);
    assert.equal(list.code, 0);
    assert(
      Array.isArray(JSON.parse(list.stdout)),
      'Array.isArray(JSON.parse(list.stdout)) is false',
    );
    const none = await run(['status', 'Fedora-Cloud-43-20250101.9999'], server.env);
    assert.equal(none.code, 6);
    assert.match(none.stderr, /has no compose or image Fedora-Cloud-43-20250101\.9999/);
    const amis = await run(
      ['amis', '--compose', 'Fedora-Cloud-43-20250101.9999', '-o', 'json'],
      server.env,
    );
    assert.equal(amis.code, 6);
    assert.deepEqual(JSON.parse(amis.stdout), []);
  });

  it('finds the command after options with values', () => {
    assert.equal(wantedCommand(['--config', 'status', 'amis']), 'amis');
    assert.equal(wantedCommand(['-o', 'json', 'status', 'dev']), 'status');
    assert.equal(wantedCommand(['--verbose', 'help', 'dev']), 'dev');
    assert.equal(wantedCommand(['--help']), undefined);
  });

  it('reports how to build fedimg when it is not built', async () => {
    await mkdir(path.join(folder, 'bin'));
    const bin = path.join(folder, 'bin', 'fedimg.js');
    await cp(fileURLToPath(new URL('../../bin/fedimg.js', import.meta.url)), bin);
    await writeFile(path.join(folder, 'package.json'), '{"type":"module"}');
    const { code, stderr } = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
      execFile(process.execPath, [bin], (error, _, stderr) =>
        resolve({ code: error?.code, stderr }),
      );
    });
    assert.equal(code, 2);
    assert.match(stderr, /next: npm run build/);
    assert.match(await readFile(bin, 'utf8'), /^#!\/usr\/bin\/env node\n/);
  });
});
