/** Which disks boot, judged by their bytes, and what the console shows for the others. */

import assert from 'node:assert/strict';
import { promises as fs } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { checkBootable } from '../../../src/simulator/machine/boot-check.js';
import type { MachineSpec } from '../../../src/simulator/machine/machine.js';
import { openBench, sh, until } from './support.js';

const sizeBytes = 8 * 1024 * 1024;
const efiSystem = '28732ac11ff8d211ba4b00a0c93ec93b';
const biosBoot = '4861682149646f6e744e656564454649';

function signed(disk: Buffer): Buffer {
  disk.writeUInt16BE(0x55aa, 510);
  return disk;
}

function mbr(type: number, active: boolean, code: boolean): Buffer {
  const disk = signed(Buffer.alloc(sizeBytes));
  if (code) disk[0] = 0xeb;
  disk[446] = active ? 0x80 : 0;
  disk[450] = type;
  disk.writeUInt32LE(2048, 454);
  disk.writeUInt32LE(4096, 458);
  return disk;
}

function gpt(type: string, content: boolean, code = false): Buffer {
  const disk = mbr(0xee, false, code);
  disk.write('EFI PART', 512, 'latin1');
  disk.writeBigUInt64LE(2n, 512 + 72);
  disk.writeUInt32LE(128, 512 + 80);
  disk.writeUInt32LE(128, 512 + 84);
  disk.write(type, 1024, 'hex');
  disk.writeBigUInt64LE(2048n, 1024 + 32);
  disk.writeBigUInt64LE(8191n, 1024 + 40);
  if (content) disk[2048 * 512 + 700_000] = 1;
  return disk;
}

function ext4(): Buffer {
  const disk = Buffer.alloc(sizeBytes);
  disk.writeUInt16LE(0xef53, 1024 + 56);
  return disk;
}

function filled(disk: Buffer): Buffer {
  disk[2048 * 512 + 5] = 1;
  return disk;
}

describe('firmware', () => {
  let directory: string;
  before(async () => {
    directory = await fs.mkdtemp(path.join(os.tmpdir(), 'boot-check-'));
  });
  after(() => fs.rm(directory, { recursive: true, force: true }));

  async function verdict(disk: Buffer, changes: Partial<MachineSpec>): Promise<string> {
    const file = path.join(directory, 'disk');
    await fs.writeFile(file, disk);
    const result = await checkBootable({
      os: 'unknown',
      bootMode: 'legacy-bios',
      virtualizationType: 'hvm',
      rootDevice: { volumeId: 'vol-0a', deviceName: '/dev/sda1', file, sizeBytes },
      ...changes,
    } as MachineSpec);
    return result.bootable ? 'boots' : result.reason;
  }

  const uefi: Partial<MachineSpec> = { bootMode: 'uefi', architecture: 'arm64' };
  const pv: Partial<MachineSpec> = { virtualizationType: 'paravirtual' };
  const cases: [title: string, disk: Buffer, changes: Partial<MachineSpec>, wanted: RegExp][] = [
    ['refuses zeros under BIOS', Buffer.alloc(sizeBytes), {}, /no boot signature/],
    [
      'refuses a signature alone under BIOS',
      signed(Buffer.alloc(sizeBytes)),
      {},
      /neither boot code nor an active/,
    ],
    ['boots a boot sector with code', mbr(0x83, false, true), {}, /^boots$/],
    ['boots an active partition', mbr(0x83, true, false), {}, /^boots$/],
    ['boots a GPT with a BIOS boot partition', gpt(biosBoot, true), {}, /^boots$/],
    ['boots a GPT with boot code in its protective MBR', gpt(efiSystem, true, true), {}, /^boots$/],
    [
      'refuses a GPT with only an EFI system partition under BIOS',
      gpt(efiSystem, true),
      {},
      /neither a BIOS boot/,
    ],
    ['refuses zeros under UEFI', Buffer.alloc(sizeBytes), uefi, /no EFI system partition/],
    [
      'refuses an MBR disk that only BIOS could boot under UEFI',
      mbr(0x83, true, true),
      uefi,
      /no EFI system partition/,
    ],
    ['refuses an empty EFI system partition', gpt(efiSystem, false), uefi, /is empty/],
    [
      'boots an EFI system partition with content, wherever in it',
      gpt(efiSystem, true),
      uefi,
      /^boots$/,
    ],
    ['boots an EFI partition in an MBR', filled(mbr(0xef, false, false)), uefi, /^boots$/],
    ['hangs in pv-grub on zeros', Buffer.alloc(sizeBytes), pv, /finds no filesystem/],
    ['hangs in pv-grub on an empty partition', mbr(0x83, true, true), pv, /finds no filesystem/],
    ['boots pv-grub from a partition', filled(mbr(0x83, false, false)), pv, /^boots$/],
    ['boots pv-grub from a disk that is one ext4', ext4(), pv, /^boots$/],
    [
      'boots Amazon Linux whatever its bytes',
      Buffer.alloc(sizeBytes),
      { os: 'amazon-linux-2023' },
      /^boots$/,
    ],
  ];
  for (const [title, disk, changes, wanted] of cases) {
    it(title, async () => assert.match(await verdict(disk, changes), wanted));
  }

  it('survives partition tables made of garbage', async () => {
    for (let seed = 1; seed < 60; seed += 1) {
      const disk = gpt(efiSystem, true);
      for (let at = 440; at < 2048; at += 1) {
        if ((at * seed * 2654435761) % 7 === 0) disk[at] = (at * seed) & 0xff;
      }
      signed(disk);
      await verdict(disk, uefi);
      await verdict(disk, {});
      await verdict(disk, pv);
    }
  });
});

describe('an instance whose disk does not boot', () => {
  it('reports this on its console, has no agent, runs no command, and can be destroyed', async () => {
    const bench = await openBench('shims');
    try {
      const machine = await bench.machine({ os: 'unknown', userData: '#!/bin/sh\necho ran\n' });
      const result = await machine.boot();
      assert.equal(result.bootable, false);
      assert.match(await machine.consoleOutput(), /No bootable device/);
      assert.doesNotMatch(await machine.consoleOutput(), /ran/);
      assert.equal(machine.agentOnline(), false);
      assert.equal((await sh(machine, 'true')).outcome, 'instance-gone');
      const arm = await bench.machine({ os: 'unknown', bootMode: 'uefi', architecture: 'arm64' });
      assert.equal((await arm.boot()).bootable, false);
      assert.match(await arm.consoleOutput(), /BdsDxe: No bootable option or device was found/);
    } finally {
      await bench.close();
    }
  });

  it('boots once a boot sector has been written to it', async () => {
    const bench = await openBench('shims');
    try {
      const root = await bench.disk('vol-0dddddddddddddddd', '/dev/sda1', sizeBytes);
      await fs.writeFile(root.file, mbr(0x83, true, true));
      const machine = await bench.machine({
        os: 'unknown',
        rootDevice: root,
        userData: '#!/bin/sh\necho user-data ran\n',
      });
      assert.deepEqual(await machine.boot(), { bootable: true });
      await until(async () => (await machine.consoleOutput()).includes('user-data ran'));
      assert.equal(machine.agentOnline(), false);
    } finally {
      await bench.close();
    }
  });
});
