/** Commands as the SSM agent runs them (aws/amazon-ssm-agent: executers.go, runscript.go, pluginutil_unix.go). */

import assert from 'node:assert/strict';

import { openBench, sh, sleepers, mainModes, until, type Bench } from './support.js';
import type { Machine } from '../../../src/simulator/machine/machine.js';

for (const mode of mainModes) {
  describe(`a command in mode ${mode}`, () => {
    let bench: Bench;
    let machine: Machine;
    before(async () => {
      bench = await openBench(mode);
      machine = await bench.running({ architecture: 'arm64' });
    });
    after(() => bench.close());

    it('reports its streams and its exit status, and why it failed', async () => {
      const result = await sh(machine, 'echo out; echo err >&2; exit 3');
      assert.deepEqual(result, {
        outcome: 'exited',
        exitCode: 3,
        stdout: 'out\n',
        stderr: 'err\n\nfailed to run commands: exit status 3',
      });
      assert.equal((await sh(machine, 'true')).stderr, '');
    });

    it('has the agent’s environment: no HOME, no USER (aws/amazon-ssm-agent#427)', async () => {
      const { stdout } = await sh(machine, 'env');
      assert.match(stdout, /^AWS_SSM_INSTANCE_ID=i-0123456789abc0001$/m);
      assert.match(stdout, /^AWS_SSM_REGION_NAME=eu-west-1$/m);
      assert.match(stdout, /^LANG=en_US\.UTF-8$/m);
      assert.doesNotMatch(stdout, /^(USER|LOGNAME|SHELL|TERM)=/m);
      if (mode !== 'shims') assert.doesNotMatch(stdout, /^HOME=/m);
    });

    it('runs in /usr/bin, or in the directory asked for, which must exist', async () => {
      if (mode !== 'shims') assert.equal((await sh(machine, 'pwd')).stdout, '/usr/bin\n');
      await sh(machine, 'mkdir -p /var/tmp/here');
      const there = await sh(machine, 'pwd', { workingDirectory: '/var/tmp/here' });
      assert.match(there.stdout, /\/var\/tmp\/here\n$/);
      const nowhere = await sh(machine, 'pwd', { workingDirectory: '/no/such' });
      assert.equal(nowhere.exitCode, 1);
      assert.match(nowhere.stderr, /failed to run commands: fork\/exec/);
    });

    it('is run by bash as sh on Amazon Linux, or by the program of its first line', async () => {
      assert.equal(
        (await sh(machine, 'set -o pipefail; [[ -n $BASH_VERSION ]] && echo $0')).exitCode,
        0,
      );
      const perl = await sh(machine, '#!/usr/bin/env -S bash -e\nfalse\necho not reached');
      assert.equal(perl.exitCode, 1);
      assert.equal(perl.stdout, '');
    });

    it('shows the instance’s architecture, not the host’s', async () => {
      assert.equal(
        (await sh(machine, 'uname -m; arch; getenforce; hostname -s')).stdout.split('\n')[0],
        'aarch64',
      );
    });

    it('is killed at its time-out with what it had printed, all of its group', async () => {
      const mark = `51${process.pid}`;
      const timeoutSeconds = 5;
      const result = await sh(machine, `echo begun; sleep ${mark}; true`, { timeoutSeconds });
      assert.equal(result.outcome, 'timed-out');
      assert.equal(result.exitCode, 137);
      assert.equal(result.stdout, 'begun\n');
      await until(async () => (await sleepers(machine, mark)) === 0);
    });

    it('is killed when it is cancelled, except what left its process group', async () => {
      const cancel = new AbortController();
      const mark = `52${process.pid}`;
      const running = sh(machine, `setsid sleep ${mark} >/dev/null 2>&1 & sleep 60`, {
        signal: cancel.signal,
      });
      await until(async () => (await sleepers(machine, mark)) === 1);
      cancel.abort();
      assert.equal((await running).outcome, 'cancelled');
      assert.equal(await sleepers(machine, mark), 1);
      await sh(machine, `pkill -f 'sleep ${mark}' || true`);
    });

    it('lasts as long as a background process holds its output', async () => {
      const started = Date.now();
      await sh(machine, 'sleep 1 & echo done');
      assert.ok(Date.now() - started >= 1000, 'too early');
      // It would never return if it waited for this one, too.
      await sh(machine, 'until [ -e /tmp/go ]; do sleep 0.1; done >/dev/null 2>&1 & echo done');
      await sh(machine, 'touch /tmp/go');
    });

    it('killed by a signal is failed with -1', async () => {
      const result = await sh(machine, 'kill -KILL $$');
      assert.equal(result.exitCode, -1);
      assert.match(result.stderr, /signal: killed/);
    });

    it('does not exhaust the simulator’s memory by its output', async () => {
      const result = await sh(machine, 'head -c 50000000 /dev/zero | tr "\\0" x');
      assert.equal(result.exitCode, 0);
      assert.ok(result.stdout.length <= 64 * 1024, `${result.stdout.length}, ${64 * 1024}`);
    });

    it('runs again after the restart that exit status 194 asks for', async () => {
      const own = await bench.running();
      const result = await sh(
        own,
        'if [ -e /var/lib/second ]; then echo second; exit 0; fi; echo first; touch /var/lib/second; exit 194',
      );
      assert.deepEqual(result, {
        outcome: 'exited',
        exitCode: 0,
        stdout: 'first\nsecond\n',
        stderr: '',
      });
      await own.destroy();
    });
  });
}
