/** `ops/stack/prepare.sh`: a second run must not change what runs already use, and the first one must be enough. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { loadConfig } from '../../src/config/load.js';
import { prepareStack, withPreparedStack } from './stack-files.js';

interface Definitions {
  readonly users: readonly { readonly name: string; readonly password_hash: string }[];
}

describe('prepare.sh', () => {
  it('keeps each secret and the configuration when it runs again', async () => {
    await withPreparedStack(async (folder) => {
      const before = await contentsOf(folder);
      await prepareStack(folder);
      assert.deepEqual(await contentsOf(folder), before);
      assert.equal((await stat(join(folder, 'secrets'))).mode & 0o777, 0o700);
    });
  });

  it('makes a configuration that fedimg accepts, with the broker of the stack', async () => {
    await withPreparedStack(async (folder) => {
      const path = join(folder, 'config/fedimg.toml');
      const { config } = await loadConfig({ path, env: {}, cwd: folder });
      assert.equal(config.messaging.url, 'amqp://fedimg@rabbitmq/%2F');
      assert.equal(config.messaging.passwordFile, '/run/secrets/rabbitmq-password');
    });
  });

  it('gives RabbitMQ the password that fedimg reads from its file', async () => {
    await withPreparedStack(async (folder) => {
      const read = (name: string) => readFile(join(folder, 'secrets', name), 'utf8');
      const { users } = JSON.parse(await read('rabbitmq-definitions')) as Definitions;
      const files = { fedimg: '', composes: 'composes-', consumer: 'consumer-' };
      for (const [name, part] of Object.entries(files)) {
        const password = await read(`rabbitmq-${part}password`);
        const hash = users.find((user) => user.name === name)?.password_hash ?? '';
        const salt = Buffer.from(hash, 'base64').subarray(0, 4);
        const digest = createHash('sha256').update(salt).update(password).digest();
        assert.equal(hash, Buffer.concat([salt, digest]).toString('base64'), name);
      }
    });
  });
});

async function contentsOf(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const contents = files.map(async ({ parentPath, name }) => {
    const path = join(parentPath, name);
    return [path, await readFile(path, 'utf8')] as const;
  });
  return Object.fromEntries(await Promise.all(contents));
}
