/** Compresses an image with the system's xz, and hashes both forms. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { runCommand } from '../processes/run-command.js';

export interface FileDigest {
  sizeBytes: number;
  /** 64 lower-case hexadecimal digits. */
  sha256: string;
}

export interface CompressedImage {
  /** The raw file's name with `.xz` appended. */
  file: string;
  raw: FileDigest;
  compressed: FileDigest;
}

/** Small enough that the index of a small image also has several records. */
const blockBytesDefault = 32 * 1024 * 1024;
const compressLimitMs = 30 * 60 * 1000;
const readBytes = 1024 * 1024;

/** Makes `<file>.xz` beside `file`, over an older one; keeps `file`. Throws with xz's error output. */
export async function compressXz(
  file: string,
  options: { blockBytes?: number; signal?: AbortSignal | undefined } = {},
): Promise<CompressedImage> {
  const { blockBytes = blockBytesDefault, signal } = options;
  const args = ['--compress', '--keep', '--force', '--threads=0', '-0'];
  args.push(`--block-size=${blockBytes}`, '--', file);
  const [raw] = await Promise.all([
    digestFile(file, signal),
    runCommand('xz', args, { timeoutMs: compressLimitMs, signal }),
  ]);
  const compressed = `${file}.xz`;
  return { file: compressed, raw, compressed: await digestFile(compressed, signal) };
}

/** Size and sha256 of a file, read once from start to end. */
export async function digestFile(file: string, signal?: AbortSignal): Promise<FileDigest> {
  const hash = createHash('sha256');
  const options = { highWaterMark: readBytes, ...(signal === undefined ? {} : { signal }) };
  for await (const chunk of createReadStream(file, options)) hash.update(chunk as Buffer);
  return { sizeBytes: (await stat(file)).size, sha256: hash.digest('hex') };
}
