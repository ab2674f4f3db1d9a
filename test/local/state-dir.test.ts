import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { requirePortFree, reserveFreePort } from '../../src/local/processes/free-port.js';
import { cacheDirPath, openStateDir, stateDirPath } from '../../src/local/state-dir.js';
import { useTempDir } from './temp-dir.js';

describe('state folder', () => {
  const tempDir = useTempDir();

  it('follows the XDG variables, and lies in the home folder without them', () => {
    assert.equal(stateDirPath('dev', { XDG_STATE_HOME: '/s', HOME: '/h' }), '/s/fedimg/dev');
    assert.equal(stateDirPath('dev', { HOME: '/h' }), '/h/.local/state/fedimg/dev');
    assert.equal(
      stateDirPath('dev', { XDG_STATE_HOME: 'x', HOME: '/h' }),
      '/h/.local/state/fedimg/dev',
    );
    assert.equal(cacheDirPath({ XDG_CACHE_HOME: '/c', HOME: '/h' }), '/c/fedimg');
  });

  it('refuses a second run while the first one holds it, and accepts it afterwards', async () => {
    const options = { name: 'dev', env: { XDG_STATE_HOME: tempDir() } };
    const first = await openStateDir(options);
    assert.equal((await stat(first.path)).mode & 0o077, 0, 'other users cannot read it');
    await assert.rejects(
      openStateDir(options),
      new RegExp(`Process ${process.pid} uses the folder`),
    );
    await first.release();
    await first.release();
    const second = await openStateDir(options);
    await second.release();
    assert.deepEqual(await readdir(second.path), ['lock.2', 'logs'], 'nothing piles up');
  });

  it('is unlocked when its run was killed', async () => {
    const gone = spawn('true');
    await once(gone, 'exit');
    await writeFile(path.join(tempDir(), 'lock.7'), `${gone.pid}\n`);
    const state = await openStateDir({ name: 'dev', directory: tempDir() });
    await state.release();
  });

  it('accepts only one of many runs that find the lock of a killed run at once', async () => {
    for (let round = 0; round < 40; round += 1) {
      const directory = path.join(tempDir(), String(round));
      await mkdir(directory);
      await writeFile(path.join(directory, 'lock.1'), '0\n');
      const all = await Promise.allSettled(
        Array.from({ length: 8 }, () => openStateDir({ name: 'dev', directory })),
      );
      assert.equal(all.filter(({ status }) => status === 'fulfilled').length, 1);
    }
  });
});

describe('free ports', () => {
  it('are all different, and each of them can be bound', async () => {
    const ports = await Promise.all(Array.from({ length: 20 }, () => reserveFreePort()));
    assert.equal(new Set(ports).size, ports.length);
    for (const port of ports) await requirePortFree(port, 'a test');
  });

  it('an error names the port that is taken and what to do', async () => {
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as net.AddressInfo;
    await assert.rejects(requirePortFree(port, 'the UI'), /Port \d+ for the UI .*Choose another/);
    server.close();
  });
});
