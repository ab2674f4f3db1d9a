/** Machines for tests: each in a folder of its own, in every mode that this host allows. */

import { promises as fs } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import type { TimeSource } from '../../../src/simulator/clock.js';
import { createClock } from '../../../src/simulator/clock.js';
import { createMachineFactory } from '../../../src/simulator/machine/factory.js';
import { bestGuestMode } from '../../../src/simulator/machine/guest-mode.js';
import type { GuestMode } from '../../../src/simulator/machine/guest-mode-name.js';
import type {
  CommandResult,
  Machine,
  MachineDisk,
  MachineSpec,
} from '../../../src/simulator/machine/machine.js';

const best = (await bestGuestMode()).mode;

/** The modes that can be tested here; `shims` always. */
export const testableModes: readonly GuestMode[] =
  best === 'loop' ? ['loop', 'files', 'shims'] : best === 'files' ? ['files', 'shims'] : ['shims'];

/** For what does not depend on how disks are made: the best mode, and the poorest. */
export const mainModes: readonly GuestMode[] = best === 'shims' ? ['shims'] : [best, 'shims'];

export const gib = 2 ** 30;

export interface Bench {
  readonly directory: string;
  readonly log: string[];
  machine(changes?: Partial<MachineSpec>, time?: TimeSource): Promise<Machine>;
  /** A machine that has booted and whose agent answers. */
  running(changes?: Partial<MachineSpec>, time?: TimeSource): Promise<Machine>;
  /** The same machine again, as after a restart of the simulator. */
  resume(machine: Machine): Promise<Machine>;
  disk(volumeId: string, deviceName: string, sizeBytes?: number): Promise<MachineDisk>;
  close(): Promise<void>;
}

export async function openBench(mode: GuestMode): Promise<Bench> {
  const directory = await fs.mkdtemp(path.join(os.tmpdir(), `machine-${mode}-`));
  const log: string[] = [];
  const machines: Machine[] = [];
  let count = 0;

  const factory = (time?: TimeSource) =>
    createMachineFactory({
      log: (line) => log.push(line),
      mode,
      bootMs: () => 0,
      agentRegistrationMs: () => 5,
      clock: createClock(time),
    });

  const bench: Bench = {
    directory,
    log,
    disk: async (volumeId, deviceName, sizeBytes = 64 * 1024 * 1024) => {
      const file = path.join(directory, `${volumeId}.img`);
      await fs.writeFile(file, '');
      await fs.truncate(file, sizeBytes);
      return { volumeId, deviceName, file, sizeBytes };
    },
    machine: async (changes, time) => {
      count += 1;
      const number = count.toString(16).padStart(4, '0');
      const spec: MachineSpec = {
        instanceId: `i-0123456789abc${number}`,
        region: 'eu-west-1',
        instanceType: 'c5.large',
        architecture: 'x86_64',
        bootMode: 'legacy-bios',
        virtualizationType: 'hvm',
        os: 'amazon-linux-2023',
        instanceProfile: true,
        imageId: 'ami-0123456789abcdef0',
        rootDevice: await bench.disk(`vol-0aaaaaaaaaaaa${number}`, '/dev/xvda', 8 * gib),
        otherDisks: [],
        userData: undefined,
        directory: path.join(directory, `i${number}`),
        ...changes,
      };
      const machine = await factory(time).create(spec);
      machines.push(machine);
      return machine;
    },
    running: async (changes, time) => {
      const machine = await bench.machine(changes, time);
      await machine.boot();
      if (machine.spec.instanceProfile) await until(() => machine.agentOnline());
      return machine;
    },
    resume: async (machine) => {
      const again = await factory().resume(machine.spec);
      machines.push(again);
      return again;
    },
    close: async () => {
      for (const machine of machines) await machine.destroy();
      await fs.rm(directory, { recursive: true, force: true });
    },
  };
  return bench;
}

export function sh(
  machine: Machine,
  script: string,
  options: { timeoutSeconds?: number; workingDirectory?: string; signal?: AbortSignal } = {},
): Promise<CommandResult> {
  return machine.run({
    script,
    workingDirectory: options.workingDirectory,
    timeoutSeconds: options.timeoutSeconds ?? 30,
    signal: options.signal ?? new AbortController().signal,
  });
}

/** How many `sleep <mark>` run. In mode shims the host's processes are visible, so each test has its own mark. */
export async function sleepers(machine: Machine, mark: string): Promise<number> {
  const { stdout } = await sh(machine, `ps ax -o args | grep -c '^sleep ${mark}'`);
  return Number.parseInt(stdout, 10);
}

/** Waits for a condition; fails when it does not come true. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 60_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`it did not happen: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
