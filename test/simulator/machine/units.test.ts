/** Detached units: systemd-run, systemctl and journalctl as systemd 252 answers. */

import assert from 'node:assert/strict';

import { openBench, sh, sleepers, mainModes, until, type Bench } from './support.js';
import type { Machine } from '../../../src/simulator/machine/machine.js';

for (const mode of mainModes) {
  describe(`units in mode ${mode}`, () => {
    let bench: Bench;
    let machine: Machine;
    before(async () => {
      bench = await openBench(mode);
      machine = await bench.running();
    });
    after(() => bench.close());
    const out = async (script: string): Promise<string> => (await sh(machine, script)).stdout;

    it('survive the end of the command that started them', async () => {
      const work = 'until [ -e /var/tmp/go ]; do sleep 0.1; done; echo done > /var/tmp/survivor';
      // It would never return if it waited for the unit.
      await sh(machine, `systemd-run --unit=survivor --collect bash -c "${work}"`);
      assert.equal(await out('systemctl is-active survivor'), 'active\n');
      await out('touch /var/tmp/go');
      await until(async () => (await out('cat /var/tmp/survivor')) === 'done\n');
      await until(async () => (await out('systemctl is-active survivor')) === 'inactive\n');
    });

    it('refuse a second one of the same name while the first is loaded', async () => {
      const second = await sh(
        machine,
        'systemd-run -q --unit=single sleep 20; systemd-run --unit=single.service true; echo $?; systemctl stop single',
      );
      assert.equal(second.stdout, '1\n');
      assert.match(
        second.stderr,
        /Unit single\.service was already loaded or has a fragment file\./,
      );
    });

    it('let exactly one win when two commands start one name at once', async () => {
      const results = await Promise.all(
        Array.from({ length: 6 }, () => sh(machine, 'systemd-run -q --unit=race sleep 20')),
      );
      assert.equal(results.filter((result) => result.exitCode === 0).length, 1);
      await sh(machine, 'systemctl stop race');
    });

    it('keep a failure until reset-failed, unless they are collected', async () => {
      await sh(machine, 'systemd-run -q --unit=fails sh -c "echo why; exit 3"');
      await until(async () => (await out('systemctl is-failed fails')) === 'failed\n');
      assert.equal(
        await out('systemctl show fails -p ActiveState,SubState,Result,ExecMainStatus,MainPID'),
        'ActiveState=failed\nSubState=failed\nResult=exit-code\nExecMainStatus=3\nMainPID=0\n',
      );
      assert.equal(await out('systemctl show -p ExecMainStatus --value fails.service'), '3\n');
      assert.match(
        await out('journalctl -u fails -o cat --no-pager'),
        /^Started .*\nwhy\n.*status=3/,
      );
      assert.equal((await sh(machine, 'systemd-run -q --unit=fails true')).exitCode, 1);
      assert.equal(
        await out('systemctl list-units --failed --no-legend --plain'),
        'fails.service loaded failed failed /usr/bin/sh -c echo why; exit 3\n',
      );
      assert.equal(
        (await sh(machine, 'systemctl reset-failed fails; systemctl is-failed fails')).stdout,
        'inactive\n',
      );
      await sh(machine, 'systemd-run -q --collect --unit=fails sh -c "exit 4"');
      await until(async () => (await out('systemctl is-active fails')) === 'inactive\n');
      assert.equal(
        await out('systemctl show -p Result,LoadState fails'),
        'Result=success\nLoadState=not-found\n',
      );
    });

    it('end with every process that they started when they are stopped', async () => {
      const mark = `61${process.pid}`;
      await sh(
        machine,
        `systemd-run -q --unit=tree bash -c "sleep ${mark} & sleep ${mark} & wait"`,
      );
      await until(async () => (await sleepers(machine, mark)) === 2);
      assert.equal(
        (await sh(machine, 'systemctl stop tree; systemctl is-active tree')).stdout,
        'inactive\n',
      );
      assert.equal(await sleepers(machine, mark), 0);
    });

    it('leave no process behind when their main process ends (KillMode=control-group)', async () => {
      const mark = `62${process.pid}`;
      await sh(
        machine,
        `systemd-run -q --unit=parent bash -c "sleep ${mark} & echo > /var/tmp/parent; sleep 0.3"`,
      );
      await until(async () => (await sh(machine, 'test -e /var/tmp/parent')).exitCode === 0);
      await until(async () => (await out('systemctl is-active parent')) === 'inactive\n');
      assert.equal(await sleepers(machine, mark), 0);
    });

    it('time out by RuntimeMaxSec, and report this', async () => {
      await sh(machine, 'systemd-run -q --unit=slow -p RuntimeMaxSec=1 sleep 60');
      await until(async () => (await out('systemctl is-failed slow')) === 'failed\n');
      assert.equal(await out('systemctl show -p Result --value slow'), 'timeout\n');
    });

    it('have the manager’s environment and directory, not the caller’s', async () => {
      const result = await out(
        'export CALLER=1; cd /tmp; systemd-run -q --pipe --wait --setenv=GIVEN=2 -p WorkingDirectory=/ sh -c "pwd; echo $CALLER-\\$CALLER-\\$GIVEN"',
      );
      assert.equal(result, '/\n1--2\n');
    });

    it('pass their exit status on with --wait, and write to a file if asked to', async () => {
      const result = await sh(
        machine,
        'systemd-run -q --wait -p StandardOutput=append:/var/tmp/unit.log sh -c "echo logged; exit 7"; echo $?; cat /var/tmp/unit.log',
      );
      assert.equal(result.stdout, '7\nlogged\n');
    });

    it('are refused when the program does not exist, as systemd-run does', async () => {
      const result = await sh(machine, 'systemd-run --unit=none /no/such/program');
      assert.equal(result.exitCode, 1);
      assert.match(
        result.stderr,
        /Failed to find executable \/no\/such\/program: No such file or directory/,
      );
      assert.equal((await sh(machine, 'systemctl status nothing')).exitCode, 4);
      assert.equal((await sh(machine, 'systemctl start nothing')).exitCode, 5);
      assert.equal((await sh(machine, 'systemd-run -p Colour=red true')).exitCode, 1);
    });

    it('start later with --on-active', async () => {
      const stamp = (name: string): string =>
        `sh -c 'date +%s%N > /var/tmp/${name}.new; mv /var/tmp/${name}.new /var/tmp/${name}'`;
      await sh(
        machine,
        `${stamp('asked')}; systemd-run -q --unit=later --on-active=1 ${stamp('later')}`,
      );
      await until(async () => (await sh(machine, 'test -e /var/tmp/later')).exitCode === 0);
      const { stdout } = await sh(
        machine,
        'echo $(($(cat /var/tmp/later) - $(cat /var/tmp/asked)))',
      );
      assert(Number(stdout) >= 1e9, `${stdout} ns later`);
    });
  });
}
