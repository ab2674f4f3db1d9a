/** One power-on of a machine: its init process, the processes started in it, and the end of all of them. */

import { spawn, type ChildProcess, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { createInterface } from 'node:readline';

import type { GuestFolder } from './guest-folder.js';
import { keepAlive, releaseChild } from './keep-alive.js';
import { findHostTool, guestScriptFolder, requireHostTool, standardPath } from './host-tools.js';

export interface Guest {
  /** Starts a program as the guest's root, as the leader of a process group of its own. */
  spawn(
    words: readonly string[],
    environment: Readonly<Record<string, string>>,
  ): ChildProcessWithoutNullStreams;
  /** Resolves when init has ended for any reason. */
  readonly ended: Promise<void>;
  /** Whether stop() was called; processes that are killed from then on were killed by it. */
  isStopping(): boolean;
  /** Ends every process of the guest; safe to repeat. */
  stop(): Promise<void>;
}

/** Setting up namespaces takes milliseconds; a host that needs longer than this is stuck. */
const startTimeoutMs = 60_000;

/** Capabilities that a guest's root loses: mounts, modules, clock, raw devices, the power switch. */
const droppedCapabilities =
  '-sys_admin,-sys_boot,-sys_module,-sys_rawio,-sys_time,-mknod,-syslog,-net_admin,-audit_control,-mac_admin';

/** Starts a guest in mount and PID namespaces. Where the host refuses, it fails and leaves no process. */
export async function startInNamespaces(folder: GuestFolder): Promise<Guest> {
  const script = path.join(guestScriptFolder(), 'enter-namespaces.sh');
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const setpriv = findHostTool('setpriv');
  const init = spawn(
    requireHostTool('unshare'),
    [
      ...user,
      ...['--mount', '--pid', '--fork', '--kill-child', requireHostTool('bash'), script],
      ...[folder.directory, setpriv === undefined ? '' : droppedCapabilities],
    ],
    // Detached, so that an interrupt from the terminal reaches only the simulator.
    { detached: true, env: { PATH: standardPath }, stdio: 'pipe' },
  );
  const pid = await untilReady(init);
  const enter = [
    ...['--target', String(pid), '--mount', '--pid', '--root', '--wd'],
    ...(user.length > 0 ? ['--user', '--preserve-credentials'] : []),
    '--',
  ];
  const drop =
    setpriv === undefined || user.length > 0
      ? []
      : [setpriv, `--bounding-set=${droppedCapabilities}`];
  const nsenter = requireHostTool('nsenter');
  return guestOf(init, (words, environment) =>
    spawn(nsenter, [...enter, ...drop, ...words], {
      detached: true,
      env: environment,
      stdio: 'pipe',
    }),
  );
}

/** Starts a guest without namespaces: only its tools and a mark in its environment set its processes apart. */
export async function startWithShims(folder: GuestFolder): Promise<Guest> {
  const script = path.join(guestScriptFolder(), 'warden.sh');
  const mark = randomBytes(12).toString('hex');
  const warden = spawn(requireHostTool('bash'), [script, folder.directory, mark], {
    detached: true,
    env: { PATH: standardPath },
    stdio: 'pipe',
  });
  await untilReady(warden);
  return guestOf(warden, ([program = '', ...words], environment) => {
    const child = spawn(program, words, {
      cwd: folder.directory,
      detached: true,
      env: { ...environment, LOCAL_CLOUD_GUEST: mark },
      stdio: 'pipe',
    });
    if (child.pid !== undefined) warden.stdin.write(`group ${child.pid}\n`);
    return child;
  });
}

/** Ends a process group that `spawn` started; a group that is gone already is fine. */
export function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // ESRCH: it has ended.
  }
}

function guestOf(init: ChildProcessWithoutNullStreams, start: Guest['spawn']): Guest {
  const ended = new Promise<void>((resolve) => {
    if (init.exitCode !== null || init.signalCode !== null) resolve();
    else init.once('exit', () => resolve());
  });
  init.stdin.on('error', () => undefined);
  releaseChild(init);
  let stopping = false;
  return {
    ended,
    isStopping: () => stopping,
    spawn: (words, environment) => {
      const child = start(words, environment);
      // Without a listener, a program that cannot be started would end the simulator.
      child.on('error', () => undefined);
      child.stdin.on('error', () => undefined);
      return child;
    },
    stop: async () => {
      stopping = true;
      // When its input ends it ends the guest; in namespaces the kernel then kills every process.
      init.stdin.end();
      await keepAlive(ended);
    },
  };
}

function untilReady(init: ChildProcessWithoutNullStreams): Promise<number> {
  return new Promise((resolve, reject) => {
    let pid = init.pid ?? 0;
    let complaints = '';
    const giveUp = (reason: string): void => {
      clearTimeout(timer);
      init.kill('SIGKILL');
      reject(new Error(reason));
    };
    const timer = setTimeout(
      () => giveUp(`the guest did not start within ${startTimeoutMs / 1000} s`),
      startTimeoutMs,
    );
    init.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaints = (complaints + text).slice(-500);
    });
    createInterface({ input: init.stdout }).on('line', (line) => {
      const [word, rest] = [line.split(' ')[0], line.slice(line.indexOf(' ') + 1)];
      if (word === 'pid') pid = Number(rest);
      else if (word === 'ready') {
        clearTimeout(timer);
        resolve(pid);
      } else if (word === 'failed') giveUp(`${rest} ${complaints}`.trim());
    });
    init.once('error', (error) => giveUp(error.message));
    init.once('exit', (code) =>
      giveUp(`the guest's first process ended with status ${code ?? 'unknown'}: ${complaints}`),
    );
  });
}
