/** The append-only log of every call and every event; an independent checker reads it. */

import fs from 'node:fs';
import path from 'node:path';
import type { ResourceChange } from './resource-change.js';

export interface Effect {
  readonly seq: number;
  /** ISO 8601. */
  readonly time: string;
  readonly kind: 'call' | 'event';
  readonly service: string;
  /** An API action, or an event such as `instance-running`. */
  readonly action: string;
  readonly region: string;
  /** `ok` or the error's code; for an event always `ok`. */
  readonly result: string;
  /** Whether the answer was sent; false when a fault kept it back or the caller had gone by then. */
  readonly answered?: boolean;
  readonly requestId?: string;
  readonly principal?: string;
  /** ISO 8601, to the second: when the caller signed the call, which may be long before `time`. */
  readonly sentAt?: string;
  /** The whole header, up to 4,096 characters. */
  readonly userAgent?: string;
  /** The decoded parameters; user-data and scripts included. */
  readonly request?: unknown;
  /** Records that changed, such as `volume/us-east-1/vol-0123`. */
  readonly changed?: readonly string[];
  /** How the account's resources changed: made, deleted, shared, tagged; instances' states. */
  readonly resources?: readonly ResourceChange[];
  /** Ids of the fault rules that took part. */
  readonly faults?: readonly string[];
}

export interface CallCount {
  readonly action: string;
  readonly region: string;
  readonly result: string;
  count: number;
}

export interface EffectLog {
  record(effect: Omit<Effect, 'seq' | 'time'>): void;
  /** Calls so far by action, region and result. */
  counts(): CallCount[];
  /** Absolute path of the log, JSON lines. */
  readonly file: string;
  close(): void;
}

/** Opens `effects.jsonl` in the folder, with the counts of the lines that are there. */
export function openEffectLog(directory: string, now: () => number): EffectLog {
  const file = path.join(directory, 'effects.jsonl');
  const counts = new Map<string, CallCount>();
  let seq = 0;

  function count(effect: Effect): void {
    seq = Math.max(seq, effect.seq);
    if (effect.kind !== 'call') return;
    const key = `${effect.action} ${effect.region} ${effect.result}`;
    const known = counts.get(key);
    if (known !== undefined) known.count += 1;
    else {
      const { action, region, result } = effect;
      counts.set(key, { action, region, result, count: 1 });
    }
  }

  readWholeLines(file, (line) => count(JSON.parse(line) as Effect));
  const descriptor = fs.openSync(file, 'a');

  return {
    file,
    record: (effect) => {
      const full: Effect = { seq: seq + 1, time: new Date(now()).toISOString(), ...effect };
      count(full);
      fs.writeSync(descriptor, `${JSON.stringify(full)}\n`);
    },
    counts: () => [...counts.values()].map((entry) => ({ ...entry })),
    close: () => fs.closeSync(descriptor),
  };
}

const chunkBytes = 1024 * 1024;

/** Reads piece by piece, and cuts off a last line that a kill left unfinished. */
function readWholeLines(file: string, use: (line: string) => void): void {
  if (!fs.existsSync(file)) return;
  const descriptor = fs.openSync(file, 'r+');
  try {
    const chunk = Buffer.alloc(chunkBytes);
    let rest: Buffer = Buffer.alloc(0);
    let readTo = 0;
    for (;;) {
      const length = fs.readSync(descriptor, chunk, 0, chunkBytes, readTo);
      if (length === 0) break;
      readTo += length;
      const bytes = Buffer.concat([rest, chunk.subarray(0, length)]);
      const end = bytes.lastIndexOf(0x0a) + 1;
      for (const line of bytes.subarray(0, end).toString('utf8').split('\n')) {
        if (line !== '') use(line);
      }
      rest = bytes.subarray(end);
    }
    if (rest.length > 0) fs.ftruncateSync(descriptor, readTo - rest.length);
  } finally {
    fs.closeSync(descriptor);
  }
}
