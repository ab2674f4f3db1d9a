/** What each test file costs, by the process that runs it: `npm test -- --times` prints the dearest. */

import { appendFileSync, existsSync, readFileSync } from 'node:fs';

/** Names the file that collects a line of JSON for each test file. */
export const COSTS_FILE = 'FEDIMG_TEST_COSTS';
/** Linux reports the times of a process in hundredths of a second (proc_pid_stat(5), sysconf(3) _SC_CLK_TCK). */
const TICKS_A_SECOND = 100;

export interface FileCost {
  readonly file: string;
  readonly wallSeconds: number;
  readonly userSeconds: number;
  /** In the kernel. */
  readonly systemSeconds: number;
}

/** The first test file of a process pays for the start of the process, too. */
let before = { wall: 0, user: 0, system: 0 };

/** To be called after the last test of a file. The guests and programs that it has started and that have ended count. */
export function recordFileCost(file: string | undefined): void {
  const costs = process.env[COSTS_FILE];
  if (costs === undefined || file === undefined) return;
  const now = used();
  const cost: FileCost = {
    file,
    wallSeconds: now.wall - before.wall,
    userSeconds: now.user - before.user,
    systemSeconds: now.system - before.system,
  };
  before = now;
  appendFileSync(costs, `${JSON.stringify(cost)}\n`);
}

/** The dearest first: by CPU seconds. */
export function readFileCosts(path: string): FileCost[] {
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
  const costs = lines.filter((line) => line !== '').map((line) => JSON.parse(line) as FileCost);
  const cpu = (cost: FileCost): number => cost.userSeconds + cost.systemSeconds;
  return costs.sort((one, other) => cpu(other) - cpu(one));
}

function used(): typeof before {
  const wall = performance.now() / 1000;
  let stat;
  try {
    stat = readFileSync('/proc/self/stat', 'utf8');
  } catch {
    const { user, system } = process.cpuUsage();
    return { wall, user: user / 1e6, system: system / 1e6 };
  }
  // The name of the program, in parentheses, may hold spaces. After it: utime, stime, cutime and cstime are 12 to 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const seconds = (index: number): number => Number(fields[index]) / TICKS_A_SECOND;
  return { wall, user: seconds(11) + seconds(13), system: seconds(12) + seconds(14) };
}
