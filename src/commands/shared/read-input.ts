/** Reads a command's FILE or `-`, up to a limit of bytes. */

import { createReadStream } from 'node:fs';
import { EXIT } from './exit-codes.js';
import { CommandError, usageError } from './problem.js';

export interface InputWords {
  /** Such as `the message`. */
  readonly what: string;
  /** What the user can give instead. */
  readonly next: string;
  readonly bytesMax: number;
}

/** The name of the input in errors. */
export function inputName(file: string): string {
  return file === '-' ? 'standard input' : file;
}

/** Reads a file, or standard input for `-`. Throws a usage error when it cannot be read or is too long. */
export async function readInput(file: string, words: InputWords): Promise<Buffer> {
  const { what, next, bytesMax } = words;
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    const source = file === '-' ? process.stdin : createReadStream(file);
    for await (const chunk of source as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > bytesMax) break;
    }
  } catch (error) {
    const { message } = error as Error;
    throw new CommandError(
      {
        what: `${what} cannot be read from ${inputName(file)}: ${message}`,
        next,
        exitCode: EXIT.usage,
      },
      { cause: error },
    );
  }
  if (bytes > bytesMax) {
    throw usageError(
      `${inputName(file)} has more than ${bytesMax} bytes, the limit for ${what}`,
      next,
    );
  }
  return Buffer.concat(chunks);
}
