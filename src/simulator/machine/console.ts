/** A machine's serial console: what was written to it, the last 64 KiB of it, also after a restart. */

import { promises as fs } from 'node:fs';
import path from 'node:path';

import type { MachineSpec } from './machine.js';

export interface Console {
  write(text: string): void;
  /** The most recent 64 KiB, as GetConsoleOutput documents. */
  read(): string;
  flush(): Promise<void>;
}

/** API reference, GetConsoleOutput: "the instance posts the most recent 64 KB of output". */
export const consoleCapBytes = 64 * 1024;

export async function openConsole(directory: string): Promise<Console> {
  const file = path.join(directory, 'console.log');
  let kept = await fs.readFile(file).catch(() => Buffer.alloc(0));
  let dirty = false;
  let saving: Promise<void> | undefined;

  async function save(): Promise<void> {
    while (dirty) {
      dirty = false;
      // The machine's folder is gone, and its console is no longer readable.
      await fs.writeFile(file, kept).catch(() => undefined);
    }
  }

  return {
    write: (text) => {
      const all = Buffer.concat([kept, Buffer.from(text)]);
      kept = all.subarray(Math.max(0, all.length - consoleCapBytes));
      dirty = true;
      saving ??= save().finally(() => (saving = undefined));
    },
    read: () => kept.toString('utf8'),
    flush: async () => {
      while (saving !== undefined) await saving;
    },
  };
}

/** What a Linux kernel and its init say at the start, in short. */
export function bootLines(hostName: string, spec: MachineSpec): string {
  const name = spec.os === 'amazon-linux-2023' ? 'Amazon Linux 2023' : 'Linux';
  const arch = spec.architecture === 'arm64' ? 'aarch64' : spec.architecture;
  return [
    '[    0.000000] Linux version 6.1.150-174.273.amzn2023 (mockbuild@host) #1 SMP PREEMPT_DYNAMIC',
    '[    0.000000] Command line: BOOT_IMAGE=/boot/vmlinuz ro console=tty0 console=ttyS0,115200n8',
    `[    0.000000] DMI: Amazon EC2 ${spec.instanceType}/, BIOS 1.0 10/16/2017`,
    '[    1.204311] systemd[1]: Detected virtualization amazon.',
    `[    1.204712] systemd[1]: Hostname set to <${hostName}>.`,
    '[  OK  ] Reached target Multi-User System.',
    '',
    name,
    `Kernel 6.1.150-174.273.amzn2023 on an ${arch} (-)`,
    '',
    `${hostName} login: `,
  ]
    .map((line) => `${line}\r\n`)
    .join('');
}
