/** How a client logs in where the password is not in the configuration. */

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectBroker, endConnection } from '../../src/messaging/connection.js';
import { useBroker } from '../support/rabbitmq.js';

describe('a password in a file', () => {
  const broker = useBroker();
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fedimg-password-'));
  });
  after(() => rm(folder, { recursive: true }));

  it('is read at each connection, so a new password needs no restart', async () => {
    const url = new URL(broker().url('fedimg'));
    const password = decodeURIComponent(url.password);
    url.password = '';
    const passwordFile = join(folder, 'password');
    const settings = { url: url.href, passwordFile };
    await writeFile(passwordFile, 'the old one\n');
    await assert.rejects(connectBroker(settings, 'test'), /ACCESS_REFUSED|403|no connection/);
    await writeFile(passwordFile, `${password}\n`);
    await endConnection(await connectBroker(settings, 'test'));
  });

  it('that is missing is named, without the password of the connection before', async () => {
    const settings = { url: broker().url('fedimg'), passwordFile: join(folder, 'none') };
    await assert.rejects(connectBroker(settings, 'test'), /none cannot be read: ENOENT/);
  });
});
