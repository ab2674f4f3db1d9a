/** The console output that EC2 has posted, which lags behind the guest and is kept after its end. */

import fs from 'node:fs';
import path from 'node:path';
import type { Cloud } from '../../cloud.js';
import type { Machine } from '../../machine/machine.js';
import type { InstanceRecord } from '../../store/state.js';

/** EC2 user guide, "Instance console output": the most recent 64 KB. */
const consoleBytesMax = 64 * 1024;
/** It is posted more than once after a boot, at these multiples of the profile's delay. */
const postings = [1, 3, 10];

export interface ConsolePost {
  readonly output: Buffer;
  readonly postedAt: number;
}

function postFile(cloud: Cloud, instance: InstanceRecord): string {
  return path.join(cloud.stateDir, 'consoles', `${instance.id}.log`);
}

/** What GetConsoleOutput shows without `Latest`. */
export function postedConsole(cloud: Cloud, instance: InstanceRecord): ConsolePost | undefined {
  const file = postFile(cloud, instance);
  if (!fs.existsSync(file)) return undefined;
  return { output: fs.readFileSync(file), postedAt: fs.statSync(file).mtimeMs };
}

export function lastBytes(text: string): Buffer {
  const bytes = Buffer.from(text);
  return bytes.subarray(Math.max(0, bytes.length - consoleBytesMax));
}

/** Posts what is on the console now: "after transitions such as boot, stop and termination". */
export async function keepConsole(
  cloud: Cloud,
  instance: InstanceRecord,
  machine: Machine,
): Promise<void> {
  try {
    const output = lastBytes(await machine.consoleOutput());
    if (cloud.isClosed()) return;
    fs.mkdirSync(path.dirname(postFile(cloud, instance)), { recursive: true });
    fs.writeFileSync(postFile(cloud, instance), output);
    const postedAt = cloud.clock.now() / 1000;
    fs.utimesSync(postFile(cloud, instance), postedAt, postedAt);
  } catch (error) {
    cloud.log(`instance ${instance.id}: its console cannot be read: ${String(error)}`);
  }
}

export function postConsoleLater(cloud: Cloud, instance: InstanceRecord, machine: Machine): void {
  const delayMs = cloud.latency.draw('consolePosted');
  for (const times of postings) {
    cloud.clock.schedule(delayMs * times, () => {
      if (cloud.machines.get(instance.id) === machine)
        cloud.background(keepConsole(cloud, instance, machine));
    });
  }
}

export function forgetConsole(cloud: Cloud, instance: InstanceRecord): void {
  fs.rmSync(postFile(cloud, instance), { force: true });
}
