/** A raw disk image that firmware can boot: mostly holes, with real tables, boot programs and data. */
import { createCipheriv, createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { ImageArchitecture } from './boot-programs.js';
import { biosBootCode, efiFileNames, efiProgram } from './boot-programs.js';
import { fatVolume } from './fat-volume.js';
import type { Extent, Partition } from './partition-table.js';
import { partitionTable, partitionTypes, sectorBytes, usableEnd } from './partition-table.js';
import { abortReason } from '../processes/run-command.js';

export type { ImageArchitecture } from './boot-programs.js';

export interface DiskImageOptions {
  /** An existing file is overwritten. */
  file: string;
  architecture: ImageArchitecture;
  /** A multiple of 512, at least 32 MiB. */
  sizeBytes: number;
  /** Pseudo-random bytes in the root partition; the rest of it is a hole. Default 2 MiB. */
  dataBytes?: number | undefined;
  /** Same seed and sizes, same bytes. */
  seed: string;
  signal?: AbortSignal | undefined;
}

const mib = 1024 * 1024;
const sizeMin = 32 * mib;
const efiBytes = 8 * mib;
const dataExtents = 8;
const ext4BlockBytes = 4096;

/** Writes the image as a sparse file. Throws when the size is not possible. */
export async function writeDiskImage(options: DiskImageOptions): Promise<void> {
  const { file, architecture, sizeBytes, dataBytes = 2 * mib, seed, signal } = options;
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes % sectorBytes !== 0 || sizeBytes < sizeMin) {
    throw new Error(
      `A disk image of ${sizeBytes} bytes cannot be made. Use a multiple of ${sectorBytes} that is at least ${sizeMin}.`,
    );
  }
  const diskSectors = sizeBytes / sectorBytes;
  const partitions = layOut(architecture, diskSectors);
  const bootCode = architecture === 'x86_64' ? biosBootCode() : Buffer.alloc(0);
  const extents = [
    ...partitionTable({ diskSectors, partitions, bootCode, seed }),
    ...partitions.flatMap((partition) => contentOf(partition, { architecture, dataBytes, seed })),
  ];
  const handle = await open(file, 'w', 0o644);
  try {
    await handle.truncate(sizeBytes);
    for (const { offsetBytes, bytes } of extents) {
      if (signal?.aborted) throw abortReason(signal);
      await handle.write(bytes, 0, bytes.length, offsetBytes);
    }
  } finally {
    await handle.close();
  }
}

/** As Fedora's cloud images: BIOS boot (x86_64 only), then EFI, then root to the end. */
function layOut(architecture: ImageArchitecture, diskSectors: number): Partition[] {
  const x86 = architecture === 'x86_64';
  const partitions: Partition[] = [];
  let firstSector = mib / sectorBytes;
  const add = (
    partition: Omit<Partition, 'firstSector' | 'lastSector'>,
    endSector: number,
  ): void => {
    partitions.push({ ...partition, firstSector, lastSector: endSector - 1 });
    firstSector = endSector;
  };
  if (x86)
    add({ name: 'BIOS boot', type: partitionTypes.biosBoot }, firstSector + mib / sectorBytes);
  add({ name: 'EFI System', type: partitionTypes.efiSystem }, firstSector + efiBytes / sectorBytes);
  const type = x86 ? partitionTypes.rootX86_64 : partitionTypes.rootAarch64;
  add({ name: 'root', type, hybrid: x86 }, usableEnd(diskSectors));
  return partitions;
}

function contentOf(
  partition: Partition,
  image: { architecture: ImageArchitecture; dataBytes: number; seed: string },
): Extent[] {
  const { architecture, seed } = image;
  const start = partition.firstSector * sectorBytes;
  if (partition.type === partitionTypes.biosBoot) {
    return [{ offsetBytes: start, bytes: seededBytes(`${seed}/bios`, 32 * 1024) }];
  }
  if (partition.type === partitionTypes.efiSystem) {
    const volume = fatVolume({
      sizeBytes: efiBytes,
      label: 'EFI',
      serial: seededBytes(`${seed}/serial`, 4).readUInt32LE(),
      path: ['EFI', 'BOOT', efiFileNames[architecture]],
      content: efiProgram(architecture),
    });
    return [{ offsetBytes: start, bytes: volume }];
  }
  return rootContent(partition, image);
}

/** A superblock at 1,024, as in ext2 to ext4, and data that reaches to the end of the partition. */
function rootContent(
  partition: Partition,
  { dataBytes, seed }: { dataBytes: number; seed: string },
): Extent[] {
  const start = partition.firstSector * sectorBytes;
  const sizeBytes = (partition.lastSector + 1) * sectorBytes - start;
  const superblock = { offsetBytes: start + 1024, bytes: ext4Superblock(sizeBytes, seed) };
  const reservedBytes = 64 * 1024;
  if (dataBytes > sizeBytes - reservedBytes) {
    throw new Error(`${dataBytes} bytes of data do not fit into a root partition of ${sizeBytes}.`);
  }
  const data = seededBytes(`${seed}/data`, dataBytes);
  const pieceBytes = Math.ceil(dataBytes / dataExtents);
  const pieces: Extent[] = [];
  for (let at = 0; at < dataBytes; at += pieceBytes) {
    const bytes = data.subarray(at, at + pieceBytes);
    // Spread evenly, from the superblock to the end of the partition.
    const share = dataBytes === bytes.length ? 1 : at / (dataBytes - bytes.length);
    const offset = reservedBytes + share * (sizeBytes - reservedBytes - bytes.length);
    pieces.push({
      offsetBytes: start + Math.floor(Math.min(offset, sizeBytes - bytes.length)),
      bytes,
    });
  }
  return [superblock, ...pieces];
}

function ext4Superblock(sizeBytes: number, seed: string): Buffer {
  const block = Buffer.alloc(1024);
  const blocks = Math.floor(sizeBytes / ext4BlockBytes);
  const groupBlocks = 8 * ext4BlockBytes;
  const groups = Math.ceil(blocks / groupBlocks);
  const groupInodes = 2048;
  block.writeUInt32LE(groups * groupInodes, 0);
  block.writeUInt32LE(blocks, 4);
  block.writeUInt32LE(blocks, 12);
  block.writeUInt32LE(groups * groupInodes - 11, 16);
  block.writeUInt32LE(2, 24);
  block.writeUInt32LE(2, 28);
  block.writeUInt32LE(groupBlocks, 32);
  block.writeUInt32LE(groupBlocks, 36);
  block.writeUInt32LE(groupInodes, 40);
  block.writeUInt16LE(0xffff, 54);
  block.writeUInt16LE(0xef53, 56);
  block.writeUInt16LE(1, 58);
  block.writeUInt16LE(1, 60);
  block.writeUInt32LE(1, 76);
  block.writeUInt32LE(11, 84);
  block.writeUInt16LE(256, 88);
  // Extents (ext4) and file types in directories.
  block.writeUInt32LE(0x0042, 96);
  seededBytes(`${seed}/uuid`, 16).copy(block, 104);
  block.write('fedimg-sample', 120, 16, 'latin1');
  return block;
}

/** Incompressible bytes; the same seed gives the same bytes. */
function seededBytes(seed: string, length: number): Buffer {
  const key = createHash('sha256').update(seed).digest();
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(length));
}
