import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { DescribeVpcsCommand } from '@aws-sdk/client-ec2';
import { noteKeptTroubles } from '../../src/local/kept-troubles.js';
import {
  changeSettings,
  closeTestClouds,
  openTestCloud,
  setFaults,
} from '../simulator/cloud-fixture.js';

const run = promisify(execFile);

describe('the start of a local cloud', () => {
  let stateDir = '';
  beforeEach(async () => {
    stateDir = await mkdtemp(path.join(os.tmpdir(), 'fedimg-kept-'));
  });
  afterEach(async () => {
    await closeTestClouds();
    await rm(stateDir, { recursive: true, force: true });
  });

  async function saidOf({ url }: { readonly url: string }): Promise<string> {
    const texts: string[] = [];
    await noteKeptTroubles(url, (text) => texts.push(text));
    return texts.join('\n');
  }

  it('lists the fault rules and settings of an earlier start that are still in force, and how to remove each', async () => {
    const before = await openTestCloud({ stateDir });
    assert.equal(await saidOf(before), '');
    const rule = { action: 'DescribeVpcs', region: 'eu-west-1', kind: 'slow', delayMs: 1 };
    await setFaults(before, [
      { ...rule, id: 'sick-region', count: 0 },
      { ...rule, id: 'still-to-come', occurrence: 2 },
      { ...rule, id: 'hit-already' },
      { ...rule, id: 'over', count: 0, lastsMs: 0 },
    ]);
    await changeSettings(before, { throttling: true, vcpusPerRegion: 4 });
    await before.client('eu-west-1').send(new DescribeVpcsCommand({}));
    await before.close();

    const again = await openTestCloud({ stateDir });
    const said = await saidOf(again);
    assert.match(said, /kept from an earlier start/);
    assert.match(said, /fault rule sick-region: slow, DescribeVpcs in eu-west-1/);
    assert.match(said, /still-to-come/);
    assert.match(said, /setting throttling: true/);
    assert.match(said, /setting vcpusPerRegion: 4/);
    assert.doesNotMatch(said, /hit-already|rule over/);

    const commands = [...said.matchAll(/(?:remove|reset) it with: (.*)/g)].map(
      ([, command = '']) => command,
    );
    assert.equal(commands.length, 4, said);
    for (const command of commands) await run('bash', ['-c', `${command} --fail --silent`]);
    assert.equal(await saidOf(again), '');
  });
});
