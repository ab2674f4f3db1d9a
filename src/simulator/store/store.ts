/** Tables that survive the process: memory in front, an append-only journal behind. */

import fs from 'node:fs';
import path from 'node:path';

/** Records live in memory and may be changed in place; `put` them again so that the change is kept. */
export interface Table<T> {
  get(key: string): T | undefined;
  has(key: string): boolean;
  put(key: string, record: T): void;
  delete(key: string): void;
  values(): IterableIterator<T>;
  entries(): IterableIterator<[string, T]>;
  readonly size: number;
}

export interface Store {
  /** The table of that name, made on first use; ask once and keep it. Records must be plain JSON. */
  table<T>(name: string): Table<T>;
  /** Writes every change since the last flush as one line; call before an answer leaves. */
  flush(): void;
  /** Runs once the changes so far are on disk: for files that must not go before their record does. */
  afterFlush(action: () => void): void;
  /** Changed keys since the last call (`table/key`), for the effect log. */
  takeChanges(): string[];
  close(): void;
}

type Change = [table: string, key: string, record?: unknown];

/** A journal this much longer than what it holds is rewritten; below the floor it is not worth it. */
const compactAtRatio = 4;
const compactFloorBytes = 8 * 1024 * 1024;

/** Opens the journal `state.jsonl` in the folder, replays it, and drops a last line that a kill cut short. */
export function openStore(directory: string): Store {
  const file = path.join(directory, 'state.jsonl');
  const tables = new Map<string, Map<string, unknown>>();
  const dirty = new Map<string, [table: string, key: string]>();
  const changes = new Set<string>();
  let pending: (() => void)[] = [];

  const recordsOf = (name: string): Map<string, unknown> => {
    let records = tables.get(name);
    if (records === undefined) tables.set(name, (records = new Map<string, unknown>()));
    return records;
  };

  replay(file, (table, key, record) => {
    if (record === undefined) recordsOf(table).delete(key);
    else recordsOf(table).set(key, record);
  });
  let liveBytes = rewrite(file, tables);
  let fileBytes = liveBytes;
  let descriptor = fs.openSync(file, 'a');

  function mark(table: string, key: string): void {
    const name = `${table}/${key}`;
    dirty.set(name, [table, key]);
    changes.add(name);
  }

  function flush(): void {
    if (dirty.size > 0) writeChanges();
    const actions = pending;
    pending = [];
    for (const act of actions) act();
  }

  function writeChanges(): void {
    const line: Change[] = [];
    for (const [table, key] of dirty.values()) {
      const record = recordsOf(table).get(key);
      line.push(record === undefined ? [table, key] : [table, key, record]);
    }
    dirty.clear();
    const text = `${JSON.stringify(line)}\n`;
    fs.writeSync(descriptor, text);
    fileBytes += text.length;
    if (fileBytes > compactFloorBytes && fileBytes > liveBytes * compactAtRatio) {
      fs.closeSync(descriptor);
      liveBytes = fileBytes = rewrite(file, tables);
      descriptor = fs.openSync(file, 'a');
    }
  }

  return {
    table: <T>(name: string): Table<T> => {
      const records = recordsOf(name) as Map<string, T>;
      return {
        get: (key) => records.get(key),
        has: (key) => records.has(key),
        put: (key, record) => {
          records.set(key, record);
          mark(name, key);
        },
        delete: (key) => {
          if (records.delete(key)) mark(name, key);
        },
        values: () => records.values(),
        entries: () => records.entries(),
        get size() {
          return records.size;
        },
      };
    },
    flush,
    afterFlush: (act) => pending.push(act),
    takeChanges: () => {
      const taken = [...changes];
      changes.clear();
      return taken;
    },
    close: () => {
      flush();
      fs.closeSync(descriptor);
    },
  };
}

function replay(file: string, apply: (table: string, key: string, record: unknown) => void): void {
  if (!fs.existsSync(file)) return;
  const lines = fs.readFileSync(file, 'utf8').split('\n');
  for (const [index, line] of lines.entries()) {
    if (line === '') continue;
    let transaction: Change[];
    try {
      transaction = JSON.parse(line) as Change[];
    } catch (cause) {
      // A last line without its end was never answered; anything else is damage.
      if (index === lines.length - 1) return;
      throw new Error(
        `${file}: line ${index + 1} is no JSON; the local cloud's state is damaged. Remove its folder to start afresh.`,
        { cause },
      );
    }
    for (const [table, key, record] of transaction) apply(table, key, record);
  }
}

/** Writes only what is alive, beside the old journal, and puts it in its place in one step. */
function rewrite(file: string, tables: ReadonlyMap<string, ReadonlyMap<string, unknown>>): number {
  const next = `${file}.next`;
  const descriptor = fs.openSync(next, 'w');
  let bytes = 0;
  for (const [table, records] of tables) {
    for (const [key, record] of records) {
      const line = `${JSON.stringify([[table, key, record]])}\n`;
      bytes += line.length;
      fs.writeSync(descriptor, line);
    }
  }
  fs.fsyncSync(descriptor);
  fs.closeSync(descriptor);
  fs.renameSync(next, file);
  return bytes;
}
