/** Decides from the bytes of a root disk whether firmware would find something to boot, and what it prints if not. */

import { promises as fs } from 'node:fs';

import type { MachineSpec } from './machine.js';

export type BootVerdict =
  | { readonly bootable: true }
  | { readonly bootable: false; readonly reason: string; readonly consoleText: string };

const sectorBytes = 512;
/** Partition types of the GUID partition table, as stored (UEFI specification 2.10, 5.3.3). */
const efiSystemPartition = '28732ac11ff8d211ba4b00a0c93ec93b';
const biosBootPartition = '4861682149646f6e744e656564454649';

/** Amazon's own images boot by definition: the local cloud has no copy of their bytes. */
export async function checkBootable(spec: MachineSpec): Promise<BootVerdict> {
  if (spec.os === 'amazon-linux-2023') return { bootable: true };
  const handle = await fs.open(spec.rootDevice.file, 'r');
  try {
    const disk = new DiskReader(handle, spec.rootDevice.sizeBytes);
    if (spec.virtualizationType === 'paravirtual') return await checkPvGrub(disk);
    if (spec.bootMode === 'uefi') return await checkUefi(disk, spec);
    return await checkBios(disk);
  } finally {
    await handle.close();
  }
}

interface Partition {
  readonly type: string;
  readonly active: boolean;
  readonly offset: number;
  readonly bytes: number;
}

/** Legacy BIOS starts the boot sector, or the active partition that a standard one would start. */
async function checkBios(disk: DiskReader): Promise<BootVerdict> {
  const sector = await disk.read(0, sectorBytes);
  const refuse = (reason: string): BootVerdict => ({
    bootable: false,
    reason,
    consoleText:
      'SeaBIOS (version 1.16.0-amazon)\r\nBooting from Hard Disk...\r\n' +
      'Boot failed: not a bootable disk\r\n\r\nNo bootable device.\r\n',
  });
  if (sector.readUInt16BE(510) !== 0x55aa) {
    return refuse('the first sector has no boot signature (0x55AA)');
  }
  const hasCode = !isZero(sector.subarray(0, 440));
  const entries = mbrPartitions(sector);
  if (hasCode) return { bootable: true };
  if (entries.some((entry) => entry.type === 'ee')) {
    const gpt = await gptPartitions(disk);
    return gpt.some((entry) => entry.type === biosBootPartition)
      ? { bootable: true }
      : refuse('the GPT has neither a BIOS boot partition nor boot code in its protective MBR');
  }
  return entries.some((entry) => entry.active)
    ? { bootable: true }
    : refuse('the first sector has neither boot code nor an active partition');
}

async function checkUefi(disk: DiskReader, spec: MachineSpec): Promise<BootVerdict> {
  const sector = await disk.read(0, sectorBytes);
  const found = [
    ...(await gptPartitions(disk)).filter((entry) => entry.type === efiSystemPartition),
    ...(sector.readUInt16BE(510) === 0x55aa ? mbrPartitions(sector) : []).filter(
      (entry) => entry.type === 'ef',
    ),
  ];
  for (const entry of found) {
    if (await disk.hasContent(entry.offset, entry.bytes)) return { bootable: true };
  }
  const device = `UEFI Amazon Elastic Block Store ${spec.rootDevice.volumeId.replace('-', '')} 1`;
  return {
    bootable: false,
    reason:
      found.length === 0 ? 'there is no EFI system partition' : 'the EFI system partition is empty',
    consoleText:
      `BdsDxe: failed to load Boot0001 "${device}" from PciRoot(0x0)/Pci(0x4,0x0): Not Found\r\n` +
      'BdsDxe: No bootable option or device was found.\r\n' +
      'BdsDxe: Press any key to enter the Boot Manager Menu.\r\n',
  };
}

/** pv-grub reads /boot/grub/menu.lst from the first partition, or from a disk that is one filesystem. */
async function checkPvGrub(disk: DiskReader): Promise<BootVerdict> {
  const sector = await disk.read(0, sectorBytes);
  const superblock = await disk.read(1024, 1024);
  const extMagic = superblock.readUInt16LE(56) === 0xef53;
  // GRUB Legacy reads no GPT: to it, the protective entry is a partition without a filesystem that it knows.
  const first =
    sector.readUInt16BE(510) === 0x55aa
      ? mbrPartitions(sector).find((entry) => entry.type !== 'ee')
      : undefined;
  if (extMagic) return { bootable: true };
  if (first !== undefined && (await disk.hasContent(first.offset, first.bytes))) {
    return { bootable: true };
  }
  return {
    bootable: false,
    reason: 'pv-grub finds no filesystem on the first partition or on the whole disk',
    consoleText:
      'Xen Minimal OS!\r\nGNU GRUB version 0.97\r\n' +
      '    root (hd0,0)\r\n\r\nError 17: Cannot mount selected partition\r\n',
  };
}

function mbrPartitions(sector: Buffer): Partition[] {
  return [0, 1, 2, 3]
    .map((index) => sector.subarray(446 + index * 16, 462 + index * 16))
    .filter((entry) => entry[4] !== 0)
    .map((entry) => ({
      type: entry.subarray(4, 5).toString('hex'),
      active: entry[0] === 0x80,
      offset: entry.readUInt32LE(8) * sectorBytes,
      bytes: entry.readUInt32LE(12) * sectorBytes,
    }));
}

async function gptPartitions(disk: DiskReader): Promise<Partition[]> {
  const header = await disk.read(sectorBytes, sectorBytes);
  if (header.subarray(0, 8).toString('latin1') !== 'EFI PART') return [];
  const tableAt = Number(header.readBigUInt64LE(72)) * sectorBytes;
  const entryBytes = header.readUInt32LE(84);
  const entries = Math.min(header.readUInt32LE(80), 128);
  if (entryBytes < 128 || entryBytes > 4096) return [];
  const table = await disk.read(tableAt, entries * entryBytes);
  const partitions: Partition[] = [];
  for (let at = 0; at < table.length; at += entryBytes) {
    const entry = table.subarray(at, at + entryBytes);
    if (isZero(entry.subarray(0, 16))) continue;
    const firstSector = Number(entry.readBigUInt64LE(32));
    const lastSector = Number(entry.readBigUInt64LE(40));
    partitions.push({
      type: entry.subarray(0, 16).toString('hex'),
      active: false,
      offset: firstSector * sectorBytes,
      bytes: (lastSector - firstSector + 1) * sectorBytes,
    });
  }
  return partitions;
}

const zeros = Buffer.alloc(1024 * 1024);

function isZero(bytes: Buffer): boolean {
  return bytes.equals(zeros.subarray(0, bytes.length));
}

/** Reads past the end of the file as zeros, as the rest of a rounded-up volume is. */
class DiskReader {
  readonly #handle: fs.FileHandle;
  readonly #sizeBytes: number;

  constructor(handle: fs.FileHandle, sizeBytes: number) {
    this.#handle = handle;
    this.#sizeBytes = sizeBytes;
  }

  async read(offset: number, length: number): Promise<Buffer> {
    const buffer = Buffer.alloc(length);
    if (offset >= 0 && offset < this.#sizeBytes) await this.#handle.read(buffer, 0, length, offset);
    return buffer;
  }

  async hasContent(offset: number, length: number): Promise<boolean> {
    const end = Math.min(offset + length, this.#sizeBytes);
    for (let at = offset; at < end; at += zeros.length) {
      if (!isZero(await this.read(at, Math.min(zeros.length, end - at)))) return true;
    }
    return false;
  }
}
