/**
 * Notifies systemd that a service is ready, alive and stopping. systemd listens on a datagram socket, which Node cannot
 * open, so each notification is one run of `systemd-notify`; the unit needs `NotifyAccess=all`.
 */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A systemd that does not answer must not keep processes. */
const NOTIFY_TIMEOUT_MS = 10_000;

export interface WarningLog {
  warn(fields: { readonly err: unknown }, text: string): void;
}

export interface ServiceManager {
  /** The service works; `status` is shown by `systemctl status`. From now on the watchdog is fed. */
  readonly ready: (status: string) => void;
  /** No more is fed to the watchdog; safe to repeat. */
  readonly close: () => void;
}

const NO_MANAGER: ServiceManager = { ready: () => undefined, close: () => undefined };

/** Does nothing in a process that systemd does not watch. */
export function serviceManager(
  log: WarningLog,
  env: NodeJS.ProcessEnv = process.env,
): ServiceManager {
  if (!env['NOTIFY_SOCKET']) return NO_MANAGER;
  let isMissing = false;
  const notify = async (...states: readonly string[]): Promise<void> => {
    if (isMissing) return;
    try {
      await run('systemd-notify', [...states], { env, timeout: NOTIFY_TIMEOUT_MS });
    } catch (error) {
      isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      log.warn({ err: error }, 'systemd cannot be notified: it may end this service');
    }
  };
  let timer: NodeJS.Timeout | undefined;
  const close = (): void => clearInterval(timer);
  const stopping = (): void => {
    close();
    void notify('STOPPING=1');
  };
  const ready = (status: string): void => {
    void notify('READY=1', `STATUS=${status}`);
    const everyMs = watchdogMs(env);
    // A process whose event loop is blocked does not reach this timer, and systemd starts it anew.
    if (everyMs !== undefined)
      timer = setInterval(() => void notify('WATCHDOG=1'), everyMs).unref();
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, stopping);
  };
  return { ready, close };
}

/** A third of systemd's patience; undefined without a watchdog for this process (sd_watchdog_enabled(3)). */
export function watchdogMs(env: NodeJS.ProcessEnv, pid: number = process.pid): number | undefined {
  const { WATCHDOG_USEC: usec = '', WATCHDOG_PID: of = '' } = env;
  if (!/^[1-9]\d{0,15}$/.test(usec) || (of !== '' && of !== String(pid))) return undefined;
  return Math.max(1, Math.floor(Number(usec) / 3_000));
}
