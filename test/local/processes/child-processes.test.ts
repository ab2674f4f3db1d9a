import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ChildProcesses } from '../../../src/local/processes/child-processes.js';
import { createChildProcesses } from '../../../src/local/processes/child-processes.js';
import { until } from '../../support/until.js';
import { useTempDir } from '../temp-dir.js';

const shell = (script: string): { command: string; args: string[] } => ({
  command: 'bash',
  args: ['-c', script],
});

/** Zombies count as gone: a container may have no process that reaps them. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    if (process.platform !== 'linux') return true;
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

describe('child processes', () => {
  const tempDir = useTempDir();
  let lines: string[] = [];
  let died: Error[] = [];
  let processes: ChildProcesses;

  beforeEach(() => {
    lines = [];
    died = [];
    processes = createChildProcesses({
      logDir: tempDir(),
      log: (line) => lines.push(line),
      onUnexpectedExit: (error) => died.push(error),
    });
  });
  afterEach(() => processes.stopAll());

  it('ends the last one started first, so that each child keeps what it depends on', async () => {
    const order = path.join(tempDir(), 'order');
    for (const name of ['first', 'second', 'third']) {
      const child = processes.start({
        name,
        ...shell(
          `trap 'echo ${name} >> ${order}; exit' TERM; echo up; while :; do sleep 0.05; done`,
        ),
      });
      await child.waitUntilReady(() => Promise.resolve(child.lastLogLines(1) === 'up'), {
        timeoutMs: 60_000,
      });
    }
    await Promise.all([processes.stopAll(), processes.stopAll()]);
    await processes.stopAll();
    assert.equal(readFileSync(order, 'utf8'), 'third\nsecond\nfirst\n');
    assert.deepEqual(died, []);
  });

  it('ends a child that ignores SIGTERM', async () => {
    const child = processes.start({
      name: 'deaf',
      ...shell("trap '' TERM; echo up; while :; do sleep 0.05; done"),
      stopTimeoutMs: 200,
    });
    await until('the trap', () => child.lastLogLines(1) === 'up');
    await child.stop();
    assert.equal(isRunning(child.pid), false);
    assert.equal(child.isRunning(), false);
  });

  it('also ends the grandchildren, of a child that is stopped and of one that dies', async () => {
    const stopped = processes.start({ name: 'stopped', ...shell('sleep 300 & echo $!; wait') });
    const dies = processes.start({ name: 'dies', ...shell('sleep 300 & echo $!; exit 4') });
    await until('both ids', () => stopped.lastLogLines(1) !== '' && dies.lastLogLines(1) !== '');
    await dies.ended;
    assert.equal(isRunning(Number(dies.lastLogLines(1))), false);
    await stopped.stop();
    assert.equal(isRunning(Number(stopped.lastLogLines(1))), false);
  });

  it('reports a child that dies unexpectedly, with its last lines', async () => {
    const child = processes.start({
      name: 'worker',
      ...shell('for i in {1..30}; do echo "line $i"; done; echo "no such bundle" >&2; exit 7'),
    });
    await until('the report', () => died.length === 1);
    assert.match(died[0]?.message ?? '', /worker ended unexpectedly \(status 7\)/);
    assert.match(died[0]?.message ?? '', /line 30\nno such bundle/);
    assert.doesNotMatch(died[0]?.message ?? '', /line 3\n/);
    assert.ok(died[0]?.message.includes(child.logFile), String(died[0]?.message));
    const headline = `worker ended unexpectedly (status 7); all of its output: ${child.logFile}`;
    assert.deepEqual(
      lines,
      [headline],
      'the caller that gets the report prints the last lines, once',
    );
  });

  it('shows the JSON log lines of a child as plain text', async () => {
    const logged =
      '{"level":50,"time":1764200000000,"pid":7,"hostname":"h","region":"sa-east-1","msg":"no quota"}';
    const others = ['{"level":"info","msg":"of another program"}', '{"level":50, cut off'];
    const long = 'a message with all of its AMIs '.repeat(20);
    processes.start({
      name: 'worker',
      ...shell(`printf '%s\\n' '${[logged, ...others, long].join("' '")}'; exit 1`),
    });
    await until('the report', () => died.length === 1);
    const [first, ...output] = died[0]?.message.split('\n') ?? [];
    assert.match(first ?? '', /Its last lines:$/);
    assert.match(
      output[0] ?? '',
      /^\[\d\d:\d\d:\d\d\.\d{3}\] ERROR: no quota \{"region":"sa-east-1"\}$/,
    );
    assert.deepEqual(output.slice(1, 3), others);
    assert.equal(output[3], `${long.slice(0, 237)}...`);
  });

  it('stops waiting for readiness as soon as the child is dead', async () => {
    const child = processes.start({ name: 'broken', ...shell('echo cannot bind; exit 1') });
    await assert.rejects(
      child.waitUntilReady(() => Promise.resolve(false), { timeoutMs: 60_000 }),
      /broken ended unexpectedly \(status 1\)[^]*cannot bind/,
    );
    assert.deepEqual(died, [], 'only the waiting call reports it');
  });

  it('reports the last error when a child is never ready', async () => {
    const child = processes.start({ name: 'slow', ...shell('echo thinking; sleep 300') });
    await until('its line', () => child.lastLogLines(1) === 'thinking');
    await assert.rejects(
      child.waitUntilReady(() => Promise.reject(new Error('refused')), { timeoutMs: 100 }),
      /slow was not ready after 0.1 s. Last error: refused[^]*thinking/,
    );
  });

  it('names a command that cannot be started', () => {
    assert.throws(
      () => processes.start({ name: 'gone', command: '/nowhere/temporal' }),
      /gone: \/nowhere\/temporal cannot be started/,
    );
  });

  it('refuses to start a child once the end has begun, and interrupts a start that is under way', async () => {
    const child = processes.start({ name: 'one', ...shell('sleep 300') });
    const waiting = child.waitUntilReady(() => Promise.resolve(false), {
      timeoutMs: 60_000,
      signal: processes.signal,
    });
    const stopped = processes.stopAll(new Error('Ctrl-C'));
    await assert.rejects(waiting, /Ctrl-C|unexpectedly/);
    assert.throws(() => processes.start({ name: 'two', ...shell('sleep 300') }), /Ctrl-C/);
    await stopped;
    assert.equal(isRunning(child.pid), false);
  });
});

describe('a program with child processes', function () {
  const tempDir = useTempDir();
  const program = fileURLToPath(new URL('crashing-parent.ts', import.meta.url));
  let parent: ChildProcess | undefined;
  afterEach(() => parent?.kill('SIGKILL'));

  async function startFamily(...args: string[]): Promise<number[]> {
    parent = spawn(process.execPath, ['--import', 'tsx', program, tempDir(), ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    parent.stderr?.resume();
    assert.ok(parent.stdout, 'no parent.stdout');
    let printed = '';
    for await (const chunk of parent.stdout) {
      printed += String(chunk);
      if (printed.includes('\n')) break;
    }
    const pids = printed.trim().split(' ').map(Number);
    assert.equal(pids.filter((pid) => pid > 0).length, 3, `it printed ${printed}`);
    return pids;
  }

  const allEnded = (pids: number[]): Promise<void> =>
    until(`the end of ${pids.join(', ')}`, () => !pids.some(isRunning));

  for (const signal of ['SIGKILL', 'SIGINT', 'SIGTERM'] as const) {
    it(`leaves no child behind when ${signal} ends it without a handler`, async () => {
      const pids = await startFamily('wait', signal === 'SIGKILL' ? 'deaf' : 'polite');
      assert.ok(pids.every(isRunning), JSON.stringify(pids));
      parent?.kill(signal);
      await allEnded(pids);
    });
  }

  for (const ending of ['throw', 'exit']) {
    it(`leaves no child behind when it ends by ${ending}`, async () => {
      await allEnded(await startFamily(ending));
    });
  }

  it('ends its children and exits with 130 on Ctrl-C', async () => {
    const pids = await startFamily('handler', 'deaf');
    const exit = once(parent as ChildProcess, 'exit');
    parent?.kill('SIGINT');
    const [status] = (await exit) as [number];
    assert.equal(status, 130);
    assert.deepEqual(pids.filter(isRunning), []);
  });

  it('exits at once on a second Ctrl-C, and still leaves no child behind', async () => {
    const pids = await startFamily('handler', 'deaf');
    const exit = once(parent as ChildProcess, 'exit');
    parent?.kill('SIGINT');
    parent?.kill('SIGINT');
    parent?.kill('SIGTERM');
    await exit;
    await allEnded(pids);
  });
});
