/** Seeded randomness: the same seed and the same calls give the same ids, zones and durations. */

import { createHash, randomBytes } from 'node:crypto';

export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** A number in [from, to). */
  between(from: number, to: number): number;
  /** That many lower-case hexadecimal digits. */
  hex(digits: number): string;
}

/**
 * `epoch` counts the starts on one state directory: without it a restarted simulator would draw the
 * ids that it has already used.
 */
export function createRandom(seed: number | undefined, epoch: number): Random {
  const start =
    seed === undefined ? randomBytes(16) : createHash('sha256').update(`${seed}:${epoch}`).digest();
  // sfc32: small, fast, and its four words of state take a hash as they are.
  let a = start.readUInt32LE(0);
  let b = start.readUInt32LE(4);
  let c = start.readUInt32LE(8);
  let d = start.readUInt32LE(12);

  function word(): number {
    const sum = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return sum >>> 0;
  }

  const next = (): number => word() / 4_294_967_296;
  return {
    next,
    between: (from, to) => from + next() * (to - from),
    hex: (digits) => {
      let text = '';
      while (text.length < digits) text += word().toString(16).padStart(8, '0');
      return text.slice(0, digits);
    },
  };
}

/** A number in [0, 1) that depends on the text only, equal in every process. */
export function hexOf(text: string, digits: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, digits);
}
