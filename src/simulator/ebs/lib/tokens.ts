/** Block tokens and page tokens: when they were given, for what, and a code that only this cloud can make. */

import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Cloud } from '../../cloud.js';
import { invalid } from '../errors.js';

/**
 * EBS user guide, "Frequently asked questions for EBS direct APIs": "Block tokens are valid for seven days, and next
 * tokens are valid for 60 minutes."
 */
export const blockTokenLifeMs = 7 * 24 * 3600_000;
const pageTokenLifeMs = 3600_000;

/** Of 48 bits each, which hold times until the year 10889 and every index. */
const numberBytes = 6;
const codeBytes = 20;

/** Survives a restart, as the tokens that were given out do. */
function secretOf(cloud: Cloud): string {
  const table = cloud.store.table<string>('ebs-secret');
  const known = table.get('tokens');
  if (known !== undefined) return known;
  const fresh = cloud.random.hex(64);
  table.put('tokens', fresh);
  return fresh;
}

function codeFor(cloud: Cloud, about: string, numbers: Buffer): Buffer {
  const code = createHmac('sha256', secretOf(cloud)).update(about).update(numbers).digest();
  return code.subarray(0, codeBytes);
}

function write(cloud: Cloud, about: string, index: number): string {
  const numbers = Buffer.alloc(2 * numberBytes);
  numbers.writeUIntBE(Math.floor(cloud.clock.now()), 0, numberBytes);
  numbers.writeUIntBE(index, numberBytes, numberBytes);
  return Buffer.concat([numbers, codeFor(cloud, about, numbers)]).toString('base64');
}

interface Read {
  readonly index: number;
  readonly ageMs: number;
}

/** Undefined for a token that was given for something else, or not by this cloud. */
function read(cloud: Cloud, about: string, token: string): Read | undefined {
  const bytes = Buffer.from(token, 'base64');
  if (bytes.length !== 2 * numberBytes + codeBytes) return undefined;
  const numbers = bytes.subarray(0, 2 * numberBytes);
  const code = bytes.subarray(2 * numberBytes);
  if (!timingSafeEqual(code, codeFor(cloud, about, numbers))) return undefined;
  return {
    ageMs: cloud.clock.now() - numbers.readUIntBE(0, numberBytes),
    index: numbers.readUIntBE(numberBytes, numberBytes),
  };
}

export function blockToken(cloud: Cloud, snapshotId: string, index: number): string {
  return write(cloud, `block ${snapshotId}`, index);
}

/** Throws ValidationException for a token of another block or snapshot, and for one that has expired. */
export function checkBlockToken(
  cloud: Cloud,
  block: { readonly snapshotId: string; readonly index: number },
  token: string,
): void {
  const found = read(cloud, `block ${block.snapshotId}`, token);
  if (found === undefined || found.index !== block.index) {
    throw invalid(
      'INVALID_BLOCK_TOKEN',
      `The block token is not one of block ${block.index} of the snapshot '${block.snapshotId}'.`,
    );
  }
  if (found.ageMs >= blockTokenLifeMs) {
    throw invalid('INVALID_BLOCK_TOKEN', 'The block token has expired. List the blocks again.');
  }
}

/** @param about what is listed: the token continues no other list. */
export function pageToken(cloud: Cloud, about: string, nextIndex: number): string {
  return write(cloud, `page ${about}`, nextIndex);
}

/** The index at which the page begins. */
export function readPageToken(cloud: Cloud, about: string, token: string): number {
  const found = read(cloud, `page ${about}`, token);
  if (found === undefined || found.ageMs >= pageTokenLifeMs) {
    throw invalid('INVALID_PAGE_TOKEN', 'The page token is not valid, or it has expired.');
  }
  return found.index;
}
