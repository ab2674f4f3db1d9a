/** What survives the end of the process, the sudden one included. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import * as ec2 from '@aws-sdk/client-ec2';
import type { ListedResource } from '../../src/simulator/http/control.js';
import { openStore } from '../../src/simulator/store/store.js';
import {
  closeTestClouds,
  control,
  hvmImage,
  inState,
  instanceOf,
  launch,
  newImage,
  newSnapshot,
  newVolume,
  openTestCloud,
  setFaults,
  testCredentials,
  until,
} from './cloud-fixture.js';

describe('simulator: restart', () => {
  let stateDir: string;
  beforeEach(async () => {
    stateDir = await fs.mkdtemp(path.join(os.tmpdir(), 'fedimg-restart-'));
  });
  afterEach(async () => {
    await closeTestClouds();
    await fs.rm(stateDir, { recursive: true, force: true });
  });

  it('keeps everything: resources, tokens, permissions, rules, counts; and boots running instances again', async () => {
    const before = await openTestCloud({ stateDir });
    const client = before.client();
    const instance = await launch(client, { ClientToken: 'token-1' });
    await inState(client, instance, 'running');
    const snapshot = await newSnapshot(client, {
      TagSpecifications: [{ ResourceType: 'snapshot', Tags: [{ Key: 'k', Value: 'v' }] }],
    });
    const image = await newImage(client, hvmImage(snapshot));
    await client.send(
      new ec2.ModifyImageAttributeCommand({
        ImageId: image,
        LaunchPermission: { Add: [{ Group: 'all' }] },
      }),
    );
    await setFaults(before, [{ action: 'DescribeVpcs', kind: 'throttle', occurrence: 2 }]);
    await client.send(new ec2.DescribeVpcsCommand({}));
    const resources = await control(before, 'resources');
    const calls = await control(before, 'calls');
    await before.close();

    const after = await openTestCloud({ stateDir });
    assert.deepEqual(await control(after, 'resources'), resources);
    assert.deepEqual(await control(after, 'calls'), calls);
    const again = after.client();
    await until(() => after.machines.resumed.includes(instance));
    assert.equal(await launch(again, { ClientToken: 'token-1' }), instance);
    await assert.rejects(again.send(new ec2.DescribeVpcsCommand({})), {
      name: 'RequestLimitExceeded',
    });
  });

  it('finishes what was under way: a launch, a stop, a termination', async () => {
    const before = await openTestCloud({ stateDir });
    const client = before.client();
    await setFaults(before, [{ action: 'RunInstances', kind: 'stuck', forMs: 300 }]);
    const pending = await launch(client);
    const running = await launch(client);
    await inState(client, running, 'running');
    await before.close();
    const after = await openTestCloud({ stateDir });
    await inState(after.client(), pending, 'running');
    assert.equal((await instanceOf(after.client(), running)).State?.Name, 'running');
    await after
      .client()
      .send(new ec2.TerminateInstancesCommand({ InstanceIds: [pending, running] }));
    await after.close();
    const last = await openTestCloud({ stateDir });
    await inState(last.client(), pending, 'terminated');
    await inState(last.client(), running, 'terminated');
    await until(async () => (await control<ListedResource[]>(last, 'resources')).length === 0);
  });

  it('keeps everything that was answered when it is killed with SIGKILL', async () => {
    const script = fileURLToPath(new URL('child-cloud.ts', import.meta.url));
    const child = spawn(process.execPath, ['--import', 'tsx', script, stateDir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const client = new ec2.EC2Client({
      region: 'us-east-1',
      endpoint: line.toString().trim(),
      credentials: testCredentials,
      maxAttempts: 1,
    });
    const answered: string[] = [];
    let number = 0;
    const work = Array.from({ length: 4 }, async () => {
      for (;;) {
        const GroupName = `group ${(number += 1)}`;
        await client.send(new ec2.CreateSecurityGroupCommand({ GroupName, Description: 'x' }));
        answered.push(GroupName);
      }
    });
    await until(() => answered.length > 40);
    child.kill('SIGKILL');
    await Promise.allSettled(work);
    client.destroy();
    const after = await openTestCloud({ stateDir });
    const { SecurityGroups: groups = [] } = await after
      .client()
      .send(new ec2.DescribeSecurityGroupsCommand({}));
    const kept = new Set(groups.map((group) => group.GroupName));
    assert.deepEqual(
      answered.filter((name) => !kept.has(name)),
      [],
    );
  });

  it('drops a last line that a kill cut short, and names damage in the middle', () => {
    const file = path.join(stateDir, 'state.jsonl');
    const store = openStore(stateDir);
    store.table<string>('t').put('a', '1');
    store.flush();
    store.close();
    return fs
      .appendFile(file, '[["t","b","2"],["t","c"')
      .then(() => {
        const cut = openStore(stateDir);
        assert.equal(cut.table<string>('t').get('a'), '1');
        assert.equal(
          cut.table<string>('t').has('b'),
          false,
          'a transaction is kept whole or not at all',
        );
        cut.close();
        return fs.writeFile(file, 'damage\n[["t","b","2"]]\n');
      })
      .then(() => {
        assert.throws(() => openStore(stateDir), /line 1 is not JSON.*Remove its folder/);
      });
  });

  it('does not let its journal grow without end', async () => {
    const store = openStore(stateDir);
    const table = store.table<string>('t');
    for (let count = 0; count < 300; count += 1) {
      table.put('same', 'x'.repeat(100_000));
      store.flush();
    }
    const { size } = await fs.stat(path.join(stateDir, 'state.jsonl'));
    assert.ok(size < 10_000_000, `${size} bytes for one record of 100,000`);
    store.close();
  });

  it('never gives an id twice, though the seed is the same', async () => {
    const before = await openTestCloud({ stateDir });
    const first = await newVolume(before.client());
    await before.close();
    const after = await openTestCloud({ stateDir });
    assert.notEqual(await newVolume(after.client()), first);
  });

  it('gives the same ids for the same seed and calls, in another place', async () => {
    const ids = [0, 1].map(async () => newVolume((await openTestCloud()).client()));
    assert.equal(await ids[0], await ids[1]);
  });

  it('lets one process at a time have the state directory, and takes over from a dead one', async () => {
    const first = await openTestCloud({ stateDir });
    await assert.rejects(openTestCloud({ stateDir }), /in use by process/);
    await first.close();
    await fs.writeFile(path.join(stateDir, 'lock'), '999999999 1');
    const second = await openTestCloud({ stateDir });
    await second.close();
  });

  it('removes files without a record', async () => {
    const before = await openTestCloud({ stateDir });
    await before.close();
    const orphan = path.join(stateDir, 'snapshots', 'snap-0123456789abcdef0.img');
    await fs.writeFile(orphan, 'left by a kill in the middle of CreateSnapshot');
    const folder = path.join(stateDir, 'instances', 'i-0123456789abcdef0');
    await fs.mkdir(path.join(folder, 'tmp'), { recursive: true });
    await openTestCloud({ stateDir });
    await assert.rejects(fs.stat(orphan), { code: 'ENOENT' });
    await assert.rejects(fs.stat(folder), { code: 'ENOENT' });
  });
});
