/** The bytes of volumes and snapshots: sparse files below the state directory. */

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import type { SnapshotRecord, VolumeRecord } from './state.js';

export const bytesPerGiB = 1024 ** 3;

export function volumeFile(stateDir: string, volume: VolumeRecord): string {
  return path.join(stateDir, 'volumes', `${volume.id}.img`);
}

/** A second name of the snapshot's file from CreateVolume on: the bytes outlive the snapshot. */
function volumeSourceFile(stateDir: string, volume: VolumeRecord): string {
  return path.join(stateDir, 'volumes', `${volume.id}.source`);
}

export function snapshotFile(stateDir: string, snapshot: Pick<SnapshotRecord, 'file'>): string {
  return path.join(stateDir, snapshot.file);
}

/** Beside a snapshot that was written block by block: the SHA-256 of each block, at 32 bytes times its index. */
export function blockDigestFile(snapshotFilePath: string): string {
  return `${snapshotFilePath}.blocks`;
}

export function instanceDirectory(stateDir: string, instanceId: string): string {
  return path.join(stateDir, 'instances', instanceId);
}

export function prepareFolders(stateDir: string): void {
  for (const name of ['volumes', 'snapshots', 'instances']) {
    fs.mkdirSync(path.join(stateDir, name), { recursive: true });
  }
}

/** Must run while the snapshot still exists; quick, and before the answer. */
export function pinVolumeSource(
  stateDir: string,
  volume: VolumeRecord,
  snapshot: Pick<SnapshotRecord, 'file'>,
): void {
  linkFile(snapshotFile(stateDir, snapshot), volumeSourceFile(stateDir, volume));
}

/** Makes the volume's file: the pinned snapshot's bytes, or zeros, at the volume's full length. Repeatable. */
export async function fillVolume(stateDir: string, volume: VolumeRecord): Promise<void> {
  const file = volumeFile(stateDir, volume);
  const source = volumeSourceFile(stateDir, volume);
  if (fs.existsSync(source)) await copySparse(source, file);
  else await fs.promises.writeFile(file, '');
  await fs.promises.truncate(file, volume.sizeGiB * bytesPerGiB);
  await fs.promises.rm(source, { force: true });
}

export function removeVolumeFiles(stateDir: string, volume: VolumeRecord): void {
  fs.rmSync(volumeFile(stateDir, volume), { force: true });
  fs.rmSync(volumeSourceFile(stateDir, volume), { force: true });
}

/** Gives the file a second name; the bytes live until the last name goes. */
export function linkFile(from: string, to: string): void {
  fs.rmSync(to, { force: true });
  fs.linkSync(from, to);
}

/** Copies a file with its holes. Clones where the file system can. */
export async function copySparse(from: string, to: string): Promise<void> {
  const { blocks, size } = await fs.promises.stat(from);
  if (blocks === 0) {
    await fs.promises.writeFile(to, '');
    await fs.promises.truncate(to, size);
    return;
  }
  // GNU cp finds holes with SEEK_DATA, which Node does not have.
  if (process.platform === 'linux' && (await copyWithCp(from, to))) return;
  await copyData(from, to, size);
}

function copyWithCp(from: string, to: string): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn('cp', ['--sparse=always', '--reflink=auto', '--', from, to], {
      stdio: 'ignore',
    });
    child.once('error', () => resolve(false));
    child.once('close', (code) => resolve(code === 0));
  });
}

const copyBlockBytes = 1024 * 1024;

/** Reads everything and leaves out blocks of zeros. */
async function copyData(from: string, to: string, size: number): Promise<void> {
  const source = await fs.promises.open(from, 'r');
  const target = await fs.promises.open(to, 'w');
  try {
    const block = Buffer.alloc(copyBlockBytes);
    const zeros = Buffer.alloc(copyBlockBytes);
    for (let position = 0; position < size;) {
      const { bytesRead } = await source.read(block, 0, copyBlockBytes, position);
      if (bytesRead === 0) break;
      if (block.compare(zeros, 0, bytesRead, 0, bytesRead) !== 0) {
        await target.write(block, 0, bytesRead, position);
      }
      position += bytesRead;
    }
    await target.truncate(size);
  } finally {
    await source.close();
    await target.close();
  }
}
