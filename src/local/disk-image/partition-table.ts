/** Boot sector and GUID partition table of a disk image, by the UEFI specification (chapter 5). */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

export const sectorBytes = 512;
const entryCount = 128;
const entryBytes = 128;
const entrySectors = (entryCount * entryBytes) / sectorBytes;
/** Sectors after the last usable one: the backup entries and the backup header. */
const tailSectors = entrySectors + 1;

export const partitionTypes = {
  biosBoot: '21686148-6449-6E6F-744E-656564454649',
  efiSystem: 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B',
  rootX86_64: '4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709',
  rootAarch64: 'B921B045-1DF0-41C3-AF44-4C6F280D3FAE',
} as const;

export interface Partition {
  name: string;
  type: string;
  firstSector: number;
  lastSector: number;
  /** Also an active entry of the boot sector's own table, for loaders without GPT. */
  hybrid?: boolean;
}

/** Bytes at an offset of the disk. */
export interface Extent {
  offsetBytes: number;
  bytes: Buffer;
}

/** Sector after the last one that a partition may use. */
export function usableEnd(diskSectors: number): number {
  return diskSectors - tailSectors;
}

/** The boot sector, the primary and the backup table. The GUIDs derive from `seed`: same seed, same bytes. */
export function partitionTable(options: {
  diskSectors: number;
  partitions: readonly Partition[];
  bootCode: Buffer;
  seed: string;
}): Extent[] {
  const { diskSectors, partitions, bootCode, seed } = options;
  const entries = Buffer.alloc(entryCount * entryBytes);
  partitions.forEach((partition, index) => {
    writeEntry(entries.subarray(index * entryBytes, (index + 1) * entryBytes), partition, seed);
  });
  const header = { diskSectors, diskGuid: guidBytes(seededGuid(seed, 'disk')), entries };
  const last = diskSectors - 1;
  return [
    { offsetBytes: 0, bytes: bootSector(diskSectors, partitions, bootCode, seed) },
    {
      offsetBytes: sectorBytes,
      bytes: tableHeader({ ...header, at: 1, other: last, entriesAt: 2 }),
    },
    { offsetBytes: 2 * sectorBytes, bytes: entries },
    { offsetBytes: usableEnd(diskSectors) * sectorBytes, bytes: entries },
    {
      offsetBytes: last * sectorBytes,
      bytes: tableHeader({ ...header, at: last, other: 1, entriesAt: usableEnd(diskSectors) }),
    },
  ];
}

function bootSector(
  diskSectors: number,
  partitions: readonly Partition[],
  bootCode: Buffer,
  seed: string,
): Buffer {
  const sector = Buffer.alloc(sectorBytes);
  bootCode.copy(sector, 0, 0, 440);
  createHash('sha256').update(`${seed}/mbr`).digest().copy(sector, 440, 0, 4);
  const hybrid = partitions.find((partition) => partition.hybrid);
  // In a hybrid table the protective entry ends where the first real one begins.
  const protectedEnd = Math.min((hybrid?.firstSector ?? diskSectors) - 1, 0xffffffff);
  writeLegacyEntry(sector, 446, { active: false, type: 0xee, first: 1, count: protectedEnd });
  if (hybrid !== undefined) {
    const count = hybrid.lastSector - hybrid.firstSector + 1;
    writeLegacyEntry(sector, 462, { active: true, type: 0x83, first: hybrid.firstSector, count });
  }
  sector.writeUInt16LE(0xaa55, 510);
  return sector;
}

function writeLegacyEntry(
  sector: Buffer,
  offset: number,
  entry: { active: boolean; type: number; first: number; count: number },
): void {
  sector.writeUInt8(entry.active ? 0x80 : 0, offset);
  // Cylinder, head and sector end at 8 GiB: 0x000200 is sector 1, 0xFFFFFF means "use the LBA".
  sector.set(entry.first === 1 ? [0x00, 0x02, 0x00] : [0xff, 0xff, 0xff], offset + 1);
  sector.writeUInt8(entry.type, offset + 4);
  sector.set([0xff, 0xff, 0xff], offset + 5);
  sector.writeUInt32LE(entry.first, offset + 8);
  sector.writeUInt32LE(entry.count, offset + 12);
}

function tableHeader(header: {
  diskSectors: number;
  diskGuid: Buffer;
  entries: Buffer;
  at: number;
  other: number;
  entriesAt: number;
}): Buffer {
  const headerBytes = 92;
  const sector = Buffer.alloc(sectorBytes);
  sector.write('EFI PART', 0, 'latin1');
  sector.writeUInt32LE(0x00010000, 8);
  sector.writeUInt32LE(headerBytes, 12);
  sector.writeBigUInt64LE(BigInt(header.at), 24);
  sector.writeBigUInt64LE(BigInt(header.other), 32);
  sector.writeBigUInt64LE(BigInt(2 + entrySectors), 40);
  sector.writeBigUInt64LE(BigInt(usableEnd(header.diskSectors) - 1), 48);
  header.diskGuid.copy(sector, 56);
  sector.writeBigUInt64LE(BigInt(header.entriesAt), 72);
  sector.writeUInt32LE(entryCount, 80);
  sector.writeUInt32LE(entryBytes, 84);
  sector.writeUInt32LE(crc32(header.entries), 88);
  // The header's own checksum is taken over the header with this field at 0.
  sector.writeUInt32LE(crc32(sector.subarray(0, headerBytes)), 16);
  return sector;
}

function writeEntry(entry: Buffer, partition: Partition, seed: string): void {
  guidBytes(partition.type).copy(entry, 0);
  guidBytes(seededGuid(seed, partition.name)).copy(entry, 16);
  entry.writeBigUInt64LE(BigInt(partition.firstSector), 32);
  entry.writeBigUInt64LE(BigInt(partition.lastSector), 40);
  entry.write(partition.name.slice(0, 35), 56, 'utf16le');
}

function seededGuid(seed: string, name: string): string {
  const bytes = createHash('sha256').update(`${seed}/guid/${name}`).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** The first three fields of a GUID are little-endian on disk. */
function guidBytes(guid: string): Buffer {
  const bytes = Buffer.from(guid.replaceAll('-', ''), 'hex');
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
}
