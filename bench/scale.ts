/** Many images at once on one worker: what each costs in time, CPU and calls, and what memory the worker needs. */

import { readFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { peakMemoryBytes } from '../src/local/processes/peak-memory.js';
import { builtProgram } from '../test/support/cli-program.js';
import type { LocalPublisher } from '../test/support/local-publisher.js';
import { withPublisher } from '../test/support/local-publisher.js';
import { oneImage } from '../test/support/one-image.js';
import type { Result, Row } from './row.js';
import { total } from './world.js';

/** FEDIMG_BENCH_IMAGES="1,10" measures fewer: a hundred take minutes. */
const SIZES = (process.env['FEDIMG_BENCH_IMAGES'] ?? '1,10,100').split(',').map(Number);
const MIB = 1024 ** 2;
/** Of `utime` and `stime` in /proc/PID/stat: proc(5), sysconf(_SC_CLK_TCK) on Linux. */
const TICKS_PER_SECOND = 100;

interface Measured {
  readonly images: number;
  /** From the first start to the last end; the local cloud makes all states change at once. */
  readonly seconds: number;
  readonly workerCpuSeconds: number;
  /** Of this process: the local cloud, and the images' server. */
  readonly cloudCpuSeconds: number;
  readonly workerMib: number;
  readonly calls: number;
}

export default async function run(): Promise<Result> {
  const rows: Row[] = [];
  let small: Measured | undefined;
  for (const images of SIZES) {
    const measured = await measure(images);
    const variant = `${images} images, 17 regions`;
    const row = (figure: string, value: number, unit: string): Row => ({
      ...{ figure, variant, value, unit },
    });
    rows.push(row('time an image', measured.seconds / images, 's'));
    rows.push(row('CPU of the worker an image', measured.workerCpuSeconds / images, 's'));
    rows.push(row('CPU of the local cloud an image', measured.cloudCpuSeconds / images, 's'));
    rows.push(row('AWS calls an image', measured.calls / images, 'calls'));
    rows.push({ ...row('memory of the worker', measured.workerMib, 'MiB'), goal: '< 700' });
    if (images === 10) small = measured;
    if (small !== undefined && images > small.images) {
      const ratio = measured.seconds / images / (small.seconds / small.images);
      rows.push({ ...row('time an image / that at 10', ratio, 'x'), goal: '<= 1' });
    }
  }
  return { rows };
}

function measure(images: number): Promise<Measured> {
  return withPublisher({ worker: false, publish: ['regions = "all"'] }, async (publisher) => {
    const requests = [];
    for (let one = 0; one < images; one += 1) requests.push((await oneImage(publisher)).request);
    const pid = await startWorker(publisher);
    try {
      const began = { ms: performance.now(), cpu: await cpuSeconds(pid) };
      const ownBefore = process.cpuUsage();
      const handles = await Promise.all(requests.map((request) => publisher.publish(request)));
      await Promise.all(handles.map((handle) => handle.result()));
      return {
        images,
        seconds: (performance.now() - began.ms) / 1_000,
        workerCpuSeconds: (await cpuSeconds(pid)) - began.cpu,
        cloudCpuSeconds: secondsOf(process.cpuUsage(ownBefore)),
        workerMib: ((await peakMemoryBytes(pid)) ?? Number.NaN) / MIB,
        calls: total(await publisher.calls()),
      };
    } finally {
      process.kill(pid);
    }
  });
}

function secondsOf({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1_000_000;
}

async function startWorker({ configFile, env }: LocalPublisher): Promise<number> {
  const child = spawn(process.execPath, [...builtProgram(), 'worker', '--config', configFile], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await new Promise<void>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the worker ended with ${String(code)}`)));
    createInterface(child.stderr).on('line', (line) => {
      if (line.includes('worker is ready')) resolve();
    });
  });
  return child.pid ?? Number.NaN;
}

/** proc(5): the fields behind the command, which may have spaces, are `state ppid … utime stime` with utime the 12th. */
async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
