/** The local cloud on a clock that the test drives. */

import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import { createClock } from '../../src/simulator/clock.js';
import type { TimeSource } from '../../src/simulator/clock.js';
import { createMachineFactory } from '../../src/simulator/machine/factory.js';
import type { Machine } from '../../src/simulator/machine/machine.js';
import { closeTestClouds, launch, openTestCloud, until } from './cloud-fixture.js';

interface FakeTime extends TimeSource {
  /** Work that is in progress. */
  readonly holds: number;
  readonly wasHeld: boolean;
  /** Jumps to the next timer that is due; false when there is none. */
  jump(): boolean;
}

function fakeTime(): FakeTime {
  let nowMs = Date.UTC(2026, 0, 2);
  let holds = 0;
  let wasHeld = false;
  const due = new Map<symbol, { readonly atMs: number; readonly action: () => void }>();
  return {
    now: () => nowMs,
    schedule: (delayMs, action) => {
      const key = Symbol();
      due.set(key, { atMs: nowMs + delayMs, action });
      return () => due.delete(key);
    },
    hold: () => {
      holds += 1;
      wasHeld = true;
      return () => (holds -= 1);
    },
    get holds() {
      return holds;
    },
    get wasHeld() {
      return wasHeld;
    },
    jump: () => {
      const next = [...due].sort(([, one], [, other]) => one.atMs - other.atMs)[0];
      if (next === undefined) return false;
      due.delete(next[0]);
      nowMs = Math.max(nowMs, next[1].atMs);
      next[1].action();
      return true;
    },
  };
}

describe('simulator: clock', () => {
  afterEach(closeTestClouds);

  it('brings a pending instance to running without real time', async () => {
    const time = fakeTime();
    // The profile `aws` takes more than 10 seconds from pending to running.
    const cloud = await openTestCloud({ latency: 'aws', clock: createClock(time) });
    const client = cloud.client();
    const id = await launch(client);
    const state = (): string | undefined => cloud.cloud.instances.get('us-east-1', id)?.state;
    assert.equal(state(), 'pending');
    const start = time.now();
    const realStart = performance.now();
    await until(() => time.holds === 0 && time.jump() && state() === 'running');
    assert.ok(time.now() - start > 10_000, String(time.now() - start));
    assert.ok(performance.now() - realStart < time.now() - start, 'the clock did not jump');
  });

  it('holds time while it answers, but not while a fault delays the answer', async () => {
    const time = fakeTime();
    const cloud = await openTestCloud({ clock: createClock(time) });
    cloud.cloud.faults.replace({ action: 'DescribeInstances', kind: 'slow', delayMs: 3_600_000 });
    const start = time.now();
    const answered = cloud.client().send(new DescribeInstancesCommand({}));
    await until(() => cloud.cloud.faults.rules()[0]?.fired === 1 && time.holds === 0);
    assert.ok(time.wasHeld, 'time.wasHeld is false');
    while (time.now() - start < 3_600_000) assert.ok(time.jump(), 'time.jump() is false');
    await answered;
    await until(() => time.holds === 0);
  });

  it('holds time while a guest works, but not while it sleeps for long', async () => {
    const directory = await fs.mkdtemp(path.join(os.tmpdir(), 'fedimg-clock-'));
    const time = fakeTime();
    const factory = createMachineFactory({ log: () => undefined, clock: createClock(time) });
    const machine = await factory.create(await machineIn(directory));
    try {
      const booted = machine.boot();
      await until(() => (time.holds === 0 && time.jump() ? machine.agentOnline() : false));
      await booted;
      await until(() => time.holds === 0);
      const work = command(machine, 'until [ -e /var/tmp/go ]; do sleep 0.05; done');
      assert.equal(time.holds, 1);
      await command(machine, 'systemd-run -q --unit=long bash -c "touch /var/tmp/go; sleep 600"');
      await work;
      await until(() => time.holds === 0);
    } finally {
      await machine.destroy();
      await fs.rm(directory, { recursive: true, force: true });
    }
    assert.equal(time.holds, 0);
  });
});

async function machineIn(directory: string): Promise<Machine['spec']> {
  const file = path.join(directory, 'root.img');
  const sizeBytes = 1024 * 1024;
  await fs.writeFile(file, Buffer.alloc(sizeBytes));
  return {
    instanceId: 'i-0123456789abc0001',
    region: 'eu-west-1',
    instanceType: 'c5.large',
    architecture: 'x86_64',
    bootMode: 'legacy-bios',
    virtualizationType: 'hvm',
    os: 'amazon-linux-2023',
    instanceProfile: true,
    imageId: 'ami-0123456789abcdef0',
    rootDevice: { volumeId: 'vol-0aaaaaaaaaaaa0001', deviceName: '/dev/xvda', file, sizeBytes },
    otherDisks: [],
    userData: undefined,
    directory: path.join(directory, 'machine'),
  };
}

function command(machine: Machine, script: string): ReturnType<Machine['run']> {
  const { signal } = new AbortController();
  return machine.run({ script, workingDirectory: undefined, timeoutSeconds: 60, signal });
}
