/** Power: shutdown timers, halt, restart, and what a guest does to itself. */

import assert from 'node:assert/strict';

import { mainModes, openBench, sh, until, type Bench } from './support.js';
import type { Machine } from '../../../src/simulator/machine/machine.js';
import { VirtualClock } from '../../support/virtual-clock.js';

const MINUTE_MS = 60_000;

/** Counts the timers of so many minutes. */
class WatchedClock extends VirtualClock {
  readonly #minutes: number;
  timers = 0;
  cancelled = 0;

  constructor(minutes: number) {
    super({ jumps: false });
    this.#minutes = minutes;
  }

  override schedule(delayMs: number, action: () => void): () => void {
    const cancel = super.schedule(delayMs, action);
    if (delayMs !== this.#minutes * MINUTE_MS) return cancel;
    this.timers += 1;
    return () => {
      this.cancelled += 1;
      cancel();
    };
  }
}

function powerOffs(machine: Machine): { count: number } {
  const seen = { count: 0 };
  machine.onPowerOff(() => (seen.count += 1));
  return seen;
}

for (const mode of mainModes) {
  describe(`the power of a guest in mode ${mode}`, () => {
    let bench: Bench;
    beforeEach(async () => {
      bench = await openBench(mode);
    });
    afterEach(() => bench.close());

    it('goes off when the dead-man timer of user-data fires', async () => {
      const clock = new WatchedClock(120);
      const machine = await bench.machine({ userData: '#!/bin/bash\nshutdown -P +120\n' }, clock);
      const seen = powerOffs(machine);
      await machine.boot();
      await until(() => clock.timers === 1);
      await until(async () => (await machine.consoleOutput()).includes('Shutdown scheduled'));
      clock.advance(120 * MINUTE_MS);
      await until(() => seen.count === 1);
      assert.equal(machine.agentOnline(), false);
      assert.equal((await sh(machine, 'true')).outcome, 'instance-gone');
      const console = await machine.consoleOutput();
      assert.match(console, /Shutdown scheduled for .*, use 'shutdown -c' to cancel\./);
      assert.match(console, /reboot: Power down/);
    });

    it('stays on when the timer is cancelled', async () => {
      const clock = new WatchedClock(2);
      const machine = await bench.running({}, clock);
      const seen = powerOffs(machine);
      await sh(machine, '/sbin/shutdown -h +2; shutdown -c');
      await until(() => clock.cancelled === 1);
      clock.advance(3 * MINUTE_MS);
      assert.equal(seen.count, 0);
      assert.equal((await sh(machine, 'true')).exitCode, 0);
    });

    for (const order of [
      'shutdown -h now',
      'poweroff',
      'systemctl poweroff',
      'halt -p',
      'sudo shutdown -P now',
    ]) {
      it(`goes off by ${order}, once, with the running command`, async () => {
        const machine = await bench.running();
        const seen = powerOffs(machine);
        const result = await sh(machine, `${order}; sleep 30`);
        assert.equal(result.outcome, 'instance-gone');
        await until(() => seen.count === 1);
        await machine.destroy();
        assert.equal(seen.count, 1);
      });
    }

    it('stays on without a process after a plain halt (EC2 user guide: HLT is not a shutdown)', async () => {
      const machine = await bench.running();
      const seen = powerOffs(machine);
      assert.equal((await sh(machine, 'halt; sleep 30')).outcome, 'instance-gone');
      await until(async () => (await machine.consoleOutput()).includes('System halted'));
      assert.equal(seen.count, 0);
      assert.equal(machine.agentOnline(), false);
    });

    it('comes back after a restart without running user-data again, and with /tmp empty', async () => {
      const machine = await bench.running({ userData: '#!/bin/bash\necho x >> /var/lib/runs\n' });
      const seen = powerOffs(machine);
      await until(async () => (await machine.consoleOutput()).includes('finished at'));
      await sh(machine, 'echo x > /tmp/here; mkdir -p /var/lib/kept');
      const lost = await sh(machine, 'systemctl reboot; sleep 30');
      assert.equal(lost.outcome, 'exited');
      assert.match(lost.stderr, /document process failed unexpectedly/);
      await until(() => machine.agentOnline());
      const result = await sh(
        machine,
        'cat /var/lib/runs; ls /tmp; ls -d /var/lib/kept >/dev/null; echo $?',
      );
      assert.equal(result.stdout, 'x\n0\n');
      assert.equal(seen.count, 0);
    });

    it('is booted again by a restarted simulator as after a power cut: files stay, processes do not', async () => {
      const machine = await bench.running({ userData: '#!/bin/bash\necho x >> /var/lib/runs\n' });
      await until(async () => (await machine.consoleOutput()).includes('finished at'));
      await sh(machine, 'systemd-run -q --unit=before sleep 60; shutdown -P +600');
      await machine.destroy();
      const again = await bench.resume(machine);
      assert.deepEqual(await again.boot(), { bootable: true });
      await until(() => again.agentOnline());
      assert.equal(
        (await sh(again, 'cat /var/lib/runs; systemctl is-active before')).stdout,
        'x\ninactive\n',
      );
      assert.match(await again.consoleOutput(), /Linux version[^]*Linux version/);
    });
  });
}

describe('a guest whose init is killed', () => {
  it('loses its power, as a kernel that panics', async function () {
    if (mainModes[0] === 'shims') return this.skip();
    const bench = await openBench('files');
    try {
      const machine = await bench.running();
      const seen = powerOffs(machine);
      await sh(machine, 'kill -TERM 1; sleep 20');
      await until(() => seen.count === 1);
    } finally {
      await bench.close();
    }
  });
});
