/** A FAT16 file system with one file in nested folders, from which UEFI firmware reads its boot program. */

const sectorBytes = 512;
const rootEntries = 512;
const entryBytes = 32;
const endOfChain = 0xffff;
/** FAT16 has 4,085 to 65,524 clusters; a cluster is one sector here. */
const clustersMin = 4085;
const clustersMax = 65524;

interface Layout {
  sectors: number;
  fatSectors: number;
  dataSector: number;
}

/**
 * The leading bytes of a volume of `sizeBytes` that holds `content` at `path` (upper-case 8.3 names, such
 * as `['EFI', 'BOOT', 'BOOTX64.EFI']`); the rest of the volume is zeros.
 */
export function fatVolume(options: {
  sizeBytes: number;
  label: string;
  serial: number;
  path: readonly string[];
  content: Buffer;
}): Buffer {
  const { sizeBytes, label, serial, path, content } = options;
  const layout = layOut(Math.floor(sizeBytes / sectorBytes));
  const folders = path.slice(0, -1);
  const contentClusters = Math.ceil(content.length / sectorBytes);
  const usedSectors = layout.dataSector + folders.length + contentClusters;
  const volume = Buffer.alloc(usedSectors * sectorBytes);
  if (usedSectors > layout.sectors) throw new Error('The file does not fit into the FAT volume.');

  writeBootSector(volume, layout, label, serial);
  const chain = [0xfff8, endOfChain, ...folders.map(() => endOfChain)];
  for (let index = 1; index <= contentClusters; index += 1) {
    chain.push(index === contentClusters ? endOfChain : chain.length + 1);
  }
  for (const fat of [0, 1]) {
    const start = (1 + fat * layout.fatSectors) * sectorBytes;
    chain.forEach((next, index) => volume.writeUInt16LE(next, start + 2 * index));
  }

  const clusterOffset = (cluster: number): number =>
    (layout.dataSector + cluster - 2) * sectorBytes;
  let folderOffset = (1 + 2 * layout.fatSectors) * sectorBytes;
  writeEntry(volume, folderOffset, {
    name: label.padEnd(11),
    attribute: 0x08,
    cluster: 0,
    size: 0,
  });
  let free = folderOffset + entryBytes;
  folders.forEach((name, index) => {
    const cluster = 2 + index;
    writeEntry(volume, free, { name: shortName(name), attribute: 0x10, cluster, size: 0 });
    folderOffset = clusterOffset(cluster);
    const parent = index === 0 ? 0 : cluster - 1;
    writeEntry(volume, folderOffset, { name: '.'.padEnd(11), attribute: 0x10, cluster, size: 0 });
    free = folderOffset + entryBytes;
    writeEntry(volume, free, { name: '..'.padEnd(11), attribute: 0x10, cluster: parent, size: 0 });
    free += entryBytes;
  });
  const cluster = 2 + folders.length;
  const name = shortName(path.at(-1) ?? '');
  writeEntry(volume, free, { name, attribute: 0x20, cluster, size: content.length });
  content.copy(volume, clusterOffset(cluster));
  return volume;
}

function layOut(sectors: number): Layout {
  const rootSectors = (rootEntries * entryBytes) / sectorBytes;
  // One sector of a FAT has 256 entries; two FATs.
  const fatSectors = Math.ceil(sectors / 256);
  const dataSector = 1 + 2 * fatSectors + rootSectors;
  const clusters = sectors - dataSector;
  if (clusters < clustersMin || clusters > clustersMax) {
    throw new Error(`A FAT16 volume of ${sectors} sectors cannot be made.`);
  }
  return { sectors, fatSectors, dataSector };
}

function writeBootSector(volume: Buffer, layout: Layout, label: string, serial: number): void {
  volume.set([0xeb, 0x3c, 0x90], 0);
  volume.write('FEDIMG  ', 3, 'latin1');
  volume.writeUInt16LE(sectorBytes, 11);
  volume.writeUInt8(1, 13);
  volume.writeUInt16LE(1, 14);
  volume.writeUInt8(2, 16);
  volume.writeUInt16LE(rootEntries, 17);
  volume.writeUInt16LE(layout.sectors < 0x10000 ? layout.sectors : 0, 19);
  volume.writeUInt8(0xf8, 21);
  volume.writeUInt16LE(layout.fatSectors, 22);
  volume.writeUInt16LE(32, 24);
  volume.writeUInt16LE(64, 26);
  volume.writeUInt32LE(layout.sectors < 0x10000 ? 0 : layout.sectors, 32);
  volume.writeUInt8(0x80, 36);
  volume.writeUInt8(0x29, 38);
  volume.writeUInt32LE(serial >>> 0, 39);
  volume.write(label.slice(0, 11).padEnd(11), 43, 'latin1');
  volume.write('FAT16   ', 54, 'latin1');
  volume.writeUInt16LE(0xaa55, 510);
}

function writeEntry(
  volume: Buffer,
  offset: number,
  entry: { name: string; attribute: number; cluster: number; size: number },
): void {
  volume.write(entry.name, offset, 11, 'latin1');
  volume.writeUInt8(entry.attribute, offset + 11);
  // 1980-01-01, the earliest date in FAT.
  volume.writeUInt16LE(0x21, offset + 24);
  volume.writeUInt16LE(entry.cluster, offset + 26);
  volume.writeUInt32LE(entry.size, offset + 28);
}

function shortName(name: string): string {
  const [stem = '', extension = ''] = name.split('.');
  if (!/^[A-Z0-9]{1,8}$/.test(stem) || !/^[A-Z0-9]{0,3}$/.test(extension)) {
    throw new Error(`${name} is not an upper-case 8.3 name.`);
  }
  return stem.padEnd(8) + extension.padEnd(3);
}
