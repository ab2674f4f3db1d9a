/** The units of ops/systemd: systemd reads them without a complaint, and they are closed as far as a Node service can be. */

import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createWholeProgram } from '../../src/commands/program.js';
import { allCommands, commandShape } from '../../src/commands/shared/command-shape.js';
import { filePath } from '../../src/config/file-path.js';
import { runProgram } from '../support/program.js';

const FOLDER = fileURLToPath(new URL('../../ops/systemd/', import.meta.url));
const PROGRAM = fileURLToPath(new URL('../../bin/fedimg.js', import.meta.url));

/** Tenths of systemd's exposure level, of 100. What is left: the network, and machine code that Node makes. */
const EXPOSURE_MAX = '15';

describe('the units for systemd', () => {
  let folder = '';
  let names: string[] = [];
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fedimg-units-'));
    names = (await readdir(FOLDER)).filter((name) => name.endsWith('.service'));
    for (const name of names) {
      const text = await readFile(join(FOLDER, name), 'utf8');
      // systemd wants the program to be there.
      await writeFile(join(folder, name), text.replaceAll('/usr/local/bin/fedimg', PROGRAM));
    }
  });
  after(() => rm(folder, { recursive: true }));

  const analyze = (args: readonly string[]) =>
    runProgram('systemd-analyze', args, { debianPackage: 'systemd' });

  it('are accepted by systemd, also with all credentials in use', async () => {
    assert.deepEqual(names, [
      'fedimg-dashboard.service',
      'fedimg-listener.service',
      'fedimg-worker.service',
    ]);
    const credentials = (await readFile(join(FOLDER, 'credentials.conf'), 'utf8'))
      .replace(/^#(?=[A-Z]\w+=)/gm, '')
      .replaceAll('/usr/local/bin/fedimg', PROGRAM);
    const dashboard = await readFile(join(folder, 'fedimg-dashboard.service'), 'utf8');
    const all = join(folder, 'fedimg-all.service');
    await writeFile(all, `${dashboard}\n${credentials}`);
    const files = [...names.map((name) => join(folder, name)), all];
    const { code, stdout, stderr } = await analyze(['verify', '--man=no', ...files]);
    assert.deepEqual([code, stdout, stderr], [0, '', '']);
  });

  it('stay closed: no privilege, no device, no write, no call of the kernel that the service does not need', async () => {
    for (const name of names) {
      const args = ['security', '--offline=true', '--no-pager', `--threshold=${EXPOSURE_MAX}`];
      const { code, stdout } = await analyze([...args, join(folder, name)]);
      assert.equal(code, 0, stdout);
    }
  });

  it('start commands with options that exist', async () => {
    const known = new Map(
      allCommands(commandShape(await createWholeProgram('0.0.0'))).map((shape) => [
        shape.path.join(' '),
        [...shape.options, ...shape.inherited].map(({ long }) => long),
      ]),
    );
    for (const name of [...names, 'credentials.conf']) {
      const text = await readFile(join(FOLDER, name), 'utf8');
      for (const [, command = '', rest = ''] of text.matchAll(/bin\/fedimg (\w+)(.*)$/gm)) {
        const used = rest.match(/--[a-z-]+/g) ?? [];
        assert.deepEqual(
          used.filter((one) => known.get(command)?.includes(one) !== true),
          [],
        );
      }
    }
  });

  it('stop a worker only after it has given its work back', async () => {
    const unit = await readFile(join(FOLDER, 'fedimg-worker.service'), 'utf8');
    const [, seconds] = /^TimeoutStopSec=(\d+)$/m.exec(unit) ?? [];
    // worker.shutdown_grace and its 15 seconds.
    assert.ok(Number(seconds) > 30 + 15, seconds);
  });
});

describe('a secret that systemd loads', () => {
  it('is a file of the service, and no file of the operator who runs a command', () => {
    const place = { folder: '/etc/fedimg', env: { CREDENTIALS_DIRECTORY: '/run/credentials/w' } };
    assert.equal(filePath('credential:broker', place), '/run/credentials/w/broker');
    assert.equal(filePath('credential:broker', { ...place, env: {} }), 'credential:broker');
    assert.equal(filePath('pki/key.pem', place), '/etc/fedimg/pki/key.pem');
    assert.equal(filePath('credential:../../etc/shadow', place), '/etc/fedimg/etc/shadow');
  });
});
