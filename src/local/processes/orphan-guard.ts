/** A small shell beside this process that ends the registered process groups when this process is gone. */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';

/**
 * It reads `add PGID` and `remove PGID` from a pipe that only this process holds. However this process
 * ends, SIGKILL included, the pipe closes, and the guard ends the groups that are still registered, last
 * first. It ignores the signals of a terminal, and uses no CPU while it blocks in `read`.
 */
const script = `
trap '' HUP INT TERM
groups=''
while read -r verb pgid; do
  case "$verb" in
    add) groups="$pgid $groups" ;;
    remove)
      rest=''
      for one in $groups; do [ "$one" = "$pgid" ] || rest="$rest $one"; done
      groups="$rest" ;;
  esac
done
for pgid in $groups; do kill -s TERM -- "-$pgid" 2>/dev/null; done
tries=0
while [ "$tries" -lt 50 ]; do
  alive=''
  for pgid in $groups; do kill -s 0 -- "-$pgid" 2>/dev/null && alive=1; done
  [ -n "$alive" ] || exit 0
  tries=$((tries + 1))
  sleep 0.1
done
for pgid in $groups; do kill -s KILL -- "-$pgid" 2>/dev/null; done
`;

export interface OrphanGuard {
  add(pgid: number): void;
  remove(pgid: number): void;
  /** Ends the guard, which first ends the groups that are still registered. */
  close(): void;
}

/** Starts the guard. Without `/bin/sh` it logs a line, and the children outlive a killed parent. */
export function startOrphanGuard(log: (line: string) => void): OrphanGuard {
  const shell: ChildProcess = spawn('/bin/sh', ['-c', script], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    cwd: '/',
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin' },
  });
  shell.on('error', (error) => {
    log(
      `The guard of the child processes cannot be started (${error.message}): they keep running if this process is killed.`,
    );
  });
  // This process may end while the guard and its pipe are open.
  shell.unref();
  const pipe = shell.stdin;
  pipe?.on('error', () => undefined);
  (pipe as unknown as { unref?: () => void } | null)?.unref?.();
  return {
    add: (pgid) => void pipe?.write(`add ${pgid}\n`),
    remove: (pgid) => void pipe?.write(`remove ${pgid}\n`),
    close: () => void pipe?.end(),
  };
}
