/** Images that do not shrink, on a server and in a folder of their own. */

import { randomBytes } from 'node:crypto';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ComposeServer } from '../../src/local/compose-server/compose-server.js';
import { startComposeServer } from '../../src/local/compose-server/compose-server.js';
import { compressXz } from '../../src/local/disk-image/xz-file.js';
import type { WriteArguments } from '../support/write-program.js';

/** Where a test changes what was written. */
export const CHANGED_BYTE = 4711;

export interface ServedImage {
  readonly raw: Buffer;
  readonly args: WriteArguments & { readonly sha256: string; readonly compressedBytes: number };
}

export class ServedImages {
  readonly server: ComposeServer;
  readonly directory: string;

  private constructor(server: ComposeServer, directory: string) {
    this.server = server;
    this.directory = directory;
  }

  static async open(): Promise<ServedImages> {
    const directory = await mkdtemp(join(tmpdir(), 'fedimg-test-served-'));
    return new ServedImages(await startComposeServer({ directory }), directory);
  }

  /** Puts a new image under the path, in place of the one before. */
  async put(path: string, rawBytes: number): Promise<ServedImage> {
    const rawFile = join(this.directory, 'image.raw');
    const raw = randomBytes(rawBytes);
    // One in 256 images would have by chance what it is changed to.
    raw[CHANGED_BYTE] = 0;
    await writeFile(rawFile, raw);
    const { file, compressed } = await compressXz(rawFile);
    await rename(file, join(this.directory, path));
    const { sha256, sizeBytes: compressedBytes } = compressed;
    return { raw, args: { url: `${this.server.url}${path}`, sha256, compressedBytes, rawBytes } };
  }

  async close(): Promise<void> {
    await this.server.close();
    await rm(this.directory, { recursive: true, force: true });
  }
}
