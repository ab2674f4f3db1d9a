/** Compressing an image with the system's xz, and the checksums of both of its forms. */
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
  /** The raw file's name with `.xz` behind it. */
  file: string;
  raw: FileDigest;
  compressed: FileDigest;
}

/** Several blocks also for a small image, so that its index has more than one record. */
const blockBytesDefault = 32 * 1024 * 1024;
const compressLimitMs = 30 * 60 * 1000;
const readBytes = 1024 * 1024;

/** Makes `<file>.xz` beside `file`, which stays; an older one is replaced. Throws what xz says. */
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
