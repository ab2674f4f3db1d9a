import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import type { ImageArchitecture } from '../../../src/local/disk-image/disk-image.js';
import { writeDiskImage } from '../../../src/local/disk-image/disk-image.js';
import { compressXz, digestFile } from '../../../src/local/disk-image/xz-file.js';
import { useTempDir } from '../temp-dir.js';

const mib = 1024 * 1024;
const sector = 512;

/** The partitions of a GPT whose header is at `at`, after all of its checks. */
function readTable(disk: Buffer, at: number): { first: number; last: number; type: string }[] {
  const header = Buffer.from(disk.subarray(at * sector, at * sector + 92));
  assert.equal(header.toString('latin1', 0, 8), 'EFI PART');
  const headerCrc = header.readUInt32LE(16);
  header.writeUInt32LE(0, 16);
  assert.equal(crc32(header), headerCrc, 'the checksum of the header');
  assert.equal(Number(header.readBigUInt64LE(24)), at);
  const entriesAt = Number(header.readBigUInt64LE(72)) * sector;
  // The two copies lie on different sides of the partitions.
  assert.equal(entriesAt, (at === 1 ? 2 : at - 32) * sector);
  const entries = disk.subarray(entriesAt, entriesAt + 128 * 128);
  assert.equal(crc32(entries), header.readUInt32LE(88), 'the checksum of the entries');
  const used = Array.from({ length: 128 }, (_, index) => entries.subarray(index * 128))
    .map((entry) => ({
      type: entry.toString('hex', 0, 16),
      first: Number(entry.readBigUInt64LE(32)),
      last: Number(entry.readBigUInt64LE(40)),
    }))
    .filter(({ type }) => !/^0+$/.test(type));
  for (const { first, last } of used) {
    assert.ok(first >= Number(header.readBigUInt64LE(40)), String(first));
    assert.ok(last <= Number(header.readBigUInt64LE(48)), String(last));
  }
  return used;
}

describe('a sample disk image', () => {
  const tempDir = useTempDir();
  const make = async (
    architecture: ImageArchitecture,
    options: { sizeBytes?: number; dataBytes?: number; seed?: string } = {},
  ): Promise<string> => {
    const file = path.join(tempDir(), `${architecture}.raw`);
    await writeDiskImage({ file, architecture, sizeBytes: 32 * mib, seed: 'test', ...options });
    return file;
  };

  for (const architecture of ['x86_64', 'aarch64'] as const) {
    it(`boots on firmware for ${architecture}`, async () => {
      const disk = await readFile(await make(architecture));
      assert.equal(disk.readUInt16LE(510), 0xaa55);
      const x86 = architecture === 'x86_64';
      assert.equal(disk.readUInt8(0) !== 0, x86, 'boot code is for a BIOS');
      assert.equal(disk.readUInt8(446 + 4), 0xee);
      assert.equal(disk.readUInt8(462) === 0x80, x86, 'an active partition is for a BIOS');

      const partitions = readTable(disk, 1);
      assert.deepEqual(readTable(disk, disk.length / sector - 1), partitions);
      assert.equal(partitions.length, x86 ? 3 : 2);
      const efi = partitions.at(-2);
      // C12A7328-F81F-11D2-BA4B-00A0C93EC93B, its first three fields little-endian.
      assert.equal(efi?.type, '28732ac11ff8d211ba4b00a0c93ec93b');
      const volume = disk.subarray((efi?.first ?? 0) * sector, ((efi?.last ?? 0) + 1) * sector);
      assert.equal(volume.toString('latin1', 54, 59), 'FAT16');
      assert.ok(volume.includes(x86 ? 'BOOTX64 EFI' : 'BOOTAA64EFI'), 'other bytes');
      const program = volume.subarray(volume.indexOf('MZ'));
      const machine = program.readUInt16LE(program.readUInt32LE(0x3c) + 4);
      assert.equal(machine, x86 ? 0x8664 : 0xaa64);

      const root = (partitions.at(-1)?.first ?? 0) * sector;
      assert.equal(disk.readUInt16LE(root + 1024 + 56), 0xef53);
      const rootEnd = ((partitions.at(-1)?.last ?? 0) + 1) * sector;
      const tail = disk.subarray(rootEnd - 64, rootEnd);
      assert.ok(
        tail.some((byte) => byte !== 0),
        'an image that is cut short is found out',
      );
    });
  }

  it('has exactly the requested size, and is mostly a hole', async () => {
    const sizeBytes = 256 * mib + 3 * sector;
    const found = await stat(await make('x86_64', { sizeBytes }));
    assert.equal(found.size, sizeBytes);
    assert.ok(found.blocks * 512 < 8 * mib, `${found.blocks * 512} bytes are on the disk`);
  });

  it('is the same for the same seed, and differs for another seed', async () => {
    const digest = async (seed: string): Promise<string> =>
      (await digestFile(await make('x86_64', { seed }))).sha256;
    assert.equal(await digest('a'), await digest('a'));
    assert.notEqual(await digest('a'), await digest('b'));
  });

  it('is refused in a size that is too small for its tables or its data', async () => {
    await assert.rejects(make('x86_64', { sizeBytes: mib }), /1048576 bytes cannot be made/);
    await assert.rejects(make('x86_64', { sizeBytes: 32 * mib + 1 }), /cannot be made/);
    await assert.rejects(make('x86_64', { dataBytes: 32 * mib }), /do not fit/);
    await make('aarch64', { dataBytes: 0 });
    await make('aarch64', { dataBytes: 1 });
  });

  it('is restored from its xz byte for byte, and the index has several blocks', async () => {
    const file = await make('aarch64');
    const image = await compressXz(file, { blockBytes: 4 * mib });
    assert.deepEqual(image.raw, await digestFile(file));
    assert.deepEqual(image.compressed, await digestFile(image.file));
    const unpacked = execFileSync('xz', ['-dc', image.file], { maxBuffer: 64 * mib });
    assert.ok(unpacked.equals(await readFile(file)), 'other bytes');
    const listing = execFileSync('xz', ['--robot', '--list', image.file], { encoding: 'utf8' });
    assert.match(listing, /^totals\t1\t8\t/m);
    await compressXz(file);
  });

  it('stops being compressed when the run is interrupted', async () => {
    const file = await make('x86_64', { sizeBytes: 512 * mib });
    const abort = new AbortController();
    const compressing = compressXz(file, { signal: abort.signal });
    abort.abort(new Error('Ctrl-C'));
    await assert.rejects(compressing, /Ctrl-C|abort/);
  });
});
