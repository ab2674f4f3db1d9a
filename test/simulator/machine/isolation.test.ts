/** What guests must not see of each other or of the host, and that they end with the simulator. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { promises as fs } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { openBench, sh, testableModes, until, type Bench } from './support.js';

/** Without the loop devices, of which any process of the host may ask for one more. */
async function hostDevices(): Promise<string[]> {
  return (await fs.readdir('/dev')).filter((name) => !/^loop\d+$/.test(name));
}

async function exists(file: string): Promise<boolean> {
  return fs.access(file).then(
    () => true,
    () => false,
  );
}

/** Processes of this host whose command line holds the text. */
async function processesWith(text: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of await fs.readdir('/proc')) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
    const words = await fs.readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    const state = await fs.readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    if (words.includes(text) && !/\) Z /.test(state)) found.push(pid);
  }
  return found;
}

/** What the host's loop devices are made of. */
async function loopFiles(): Promise<string> {
  const devices = (await fs.readdir('/sys/block').catch(() => [])).filter((name) =>
    name.startsWith('loop'),
  );
  const files = devices.map((name) =>
    fs.readFile(`/sys/block/${name}/loop/backing_file`, 'utf8').catch(() => ''),
  );
  return (await Promise.all(files)).join('');
}

for (const mode of testableModes) {
  describe(`a guest in mode ${mode}`, () => {
    let bench: Bench;
    beforeEach(async () => {
      bench = await openBench(mode);
    });
    afterEach(() => bench.close());

    it('does not see the files that another guest wrote under the same names', async () => {
      const [one, other] = await Promise.all([bench.running(), bench.running()]);
      const files =
        '/var/lib/state /run/state /tmp/state /var/tmp/state /root/state /var/log/state';
      await sh(one, `for file in ${files}; do echo one > $file; done`);
      const seen = await sh(
        other,
        `cat ${files} 2>/dev/null; for f in ${files}; do echo two > $f; done`,
      );
      assert.equal(seen.stdout, '');
      const kept = await sh(one, `cat ${files}`);
      assert.equal(kept.stdout, 'one\n'.repeat(6));
      for (const file of files.split(' ')) assert.equal(await exists(file), false, file);
    });

    it('leaves no process when it is destroyed, not even one that left its session', async () => {
      const machine = await bench.running();
      const seconds = `98${process.pid}`;
      await sh(
        machine,
        `setsid sleep ${seconds} >/dev/null 2>&1 < /dev/null &
         systemd-run -q --unit=long sleep ${seconds}
         nohup sh -c "sleep ${seconds}; true" >/dev/null 2>&1 &`,
      );
      const pending = sh(machine, `sleep ${seconds}`);
      await until(async () => (await processesWith(`sleep\0${seconds}`)).length === 4);
      await machine.destroy();
      assert.deepEqual(await processesWith(seconds), []);
      assert.equal((await pending).outcome, 'instance-gone');
      await machine.destroy();
    });

    it('does not inherit credentials, Temporal addresses or Node options of the host', async () => {
      process.env['AWS_SECRET_ACCESS_KEY'] = 'leaked-secret';
      process.env['TEMPORAL_ADDRESS'] = 'leaked-address';
      const before = process.env['NODE_OPTIONS'];
      try {
        const machine = await bench.running({ userData: '#!/bin/bash\nenv\n' });
        const result = await sh(machine, 'env; systemd-run -q --pipe --wait env');
        await until(async () => (await machine.consoleOutput()).includes('finished at'));
        const seen = result.stdout + (await machine.consoleOutput());
        assert.doesNotMatch(seen, /leaked|^(AWS_(?!SSM)|TEMPORAL_|NODE_|npm_)/m);
      } finally {
        delete process.env['AWS_SECRET_ACCESS_KEY'];
        delete process.env['TEMPORAL_ADDRESS'];
        if (before !== undefined) process.env['NODE_OPTIONS'] = before;
      }
    });

    it('ends, with all its processes, when the simulator is killed with SIGKILL', async () => {
      const seconds = `97${process.pid}`;
      let left: string;
      const child = spawn(
        process.execPath,
        [
          '--import',
          'tsx',
          fileURLToPath(new URL('./machine-holder.ts', import.meta.url)),
          mode,
          seconds,
        ],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      try {
        const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
        left = String((await lines.next()).value);
        await until(async () => (await processesWith(`sleep\0${seconds}`)).length === 2);
      } finally {
        child.kill('SIGKILL');
      }
      await until(async () => (await processesWith(seconds)).length === 0);
      await until(async () => (await processesWith(`machine-holder-${seconds}`)).length === 0);
      await until(async () => !(await loopFiles()).includes(`machine-holder-${seconds}`));
      assert.match(left, /machine-/);
      await fs.rm(left, { recursive: true, force: true });
    });
  });
}

for (const mode of testableModes.filter((each) => each !== 'shims')) {
  describe(`a guest in namespaces (${mode})`, () => {
    let bench: Bench;
    before(async () => {
      bench = await openBench(mode);
    });
    after(() => bench.close());

    it('does not touch the host when it removes its /dev, /etc and /usr', async () => {
      const machine = await bench.running();
      const before = await hostDevices();
      const result = await sh(
        machine,
        'rm -rf /dev/* /etc/passwd /usr/bin/env 2>/dev/null; ls /dev/console /dev/nvme0n1 2>/dev/null; echo removed',
      );
      assert.equal(result.stdout, 'removed\n');
      assert.deepEqual(await hostDevices(), before);
      assert.equal(await exists('/etc/passwd'), true);
      assert.equal(await exists('/usr/bin/env'), true);
      assert.equal(await exists(machine.spec.rootDevice.file), true);
    });

    it('sees only its own processes, and not the host’s home directories', async () => {
      const machine = await bench.running();
      const result = await sh(machine, 'ls -A /home /root /tmp; ls -d /proc/[0-9]* | wc -l');
      assert.match(result.stdout, /^\/home:\n\n\/root:\n\n\/tmp:\n\d\n$/);
    });

    it('has no path back to the host’s own tree, which root of the guest could write', async () => {
      const machine = await bench.running();
      const mounts = await sh(machine, 'cat /proc/self/mountinfo; ls -A /sys/fs/cgroup');
      const writable = mounts.stdout
        .split('\n')
        .map((line) => line.split(' '))
        // One of its own tools, bound over the host's where there is no overlay, is the guest's.
        .filter((words) => words[3]?.includes('/local-cloud/bin/') !== true)
        .filter((words) => words[5]?.startsWith('rw') === true)
        .map((words) => words[4] ?? '');
      const own = /^\/($|(dev|run|tmp|root|home|proc|var\/(tmp|lib|log|run))(\/|$))/;
      assert.deepEqual(
        writable.filter((target) => !own.test(target)),
        [],
      );
      const trial = `/usr/guest-was-here-${process.pid}`;
      await sh(machine, `for root in / /.old /proc/1/root; do echo x > $root${trial}; done`);
      assert.equal(await exists(trial), false);
    });

    it('reaches its own tools by absolute path, so that /sbin/shutdown is not the host’s', async () => {
      const machine = await bench.running();
      const result = await sh(
        machine,
        'for tool in /sbin/shutdown /usr/bin/systemctl /bin/lsblk; do [ ! -e $tool ] || head -n 2 $tool | grep -c "^MACHINE="; done',
      );
      assert.match(result.stdout, /^(1\n)+$/);
    });

    it('cannot mount, set the clock or make device nodes on the host', async () => {
      const machine = await bench.running();
      const result = await sh(
        machine,
        'mknod /tmp/disk b 254 0 && echo made; date -s 2001-01-01 && echo set; echo h > /proc/sysrq-trigger && cat /proc/sysrq-trigger; echo 1 > /proc/sys/kernel/panic && echo wrote',
      );
      assert.doesNotMatch(result.stdout, /made|set|wrote/);
    });
  });
}
