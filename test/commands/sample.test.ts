import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseComposeMessage } from '../../src/model/compose/compose-message.js';
import { until } from '../support/until.js';
import { startCli } from './run-cli.js';

describe('fedimg sample', () => {
  it('gives a new user the message and the images that README publishes', async () => {
    const cwd = await mkdtemp(path.join(os.tmpdir(), 'fedimg-sample-'));
    const child = startCli(['sample', '--port', '0'], { cwd });
    try {
      let said = '';
      child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
      const ended = once(child, 'exit');
      await until('it serves the compose', () => said.includes('--sha256'));
      const message: unknown = JSON.parse(
        await readFile(path.join(cwd, 'sample/message.json'), 'utf8'),
      );
      assert.equal(parseComposeMessage(message).kind, 'message');
      const [, url = ''] = /^Image: +(\S+x86_64\.raw\.xz)$/m.exec(said) ?? [];
      assert.equal((await fetch(url, { method: 'HEAD' })).status, 200);
      child.kill('SIGINT');
      assert.deepEqual(await ended, [0, null]);
    } finally {
      child.kill('SIGKILL');
      await rm(cwd, { recursive: true, force: true });
    }
  });
});
