/** Tables that survive the process: memory in front, a journal behind. */

import { AsyncLocalStorage } from 'node:async_hooks';
import path from 'node:path';
import type { Change } from './journal.js';
import { openJournal } from './journal.js';

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
  /**
   * Keys that have changed (`table/key`) since they were last taken, for the effect log: in a call those of the
   * call, elsewhere those of the work that belongs to no call that is still open.
   */
  takeChanges(): string[];
  /** Runs one call: what it changes until it has settled is its own, whatever other calls do meanwhile. */
  asOneCall<T>(call: () => Promise<T>): Promise<T>;
  close(): void;
}

interface OpenCall {
  readonly changes: Set<string>;
  isOpen: boolean;
}

/** Opens the journal `state.jsonl` in the folder and replays it. */
export function openStore(directory: string): Store {
  const tables = new Map<string, Map<string, unknown>>();
  const recordsOf = (name: string): Map<string, unknown> => {
    let records = tables.get(name);
    if (records === undefined) tables.set(name, (records = new Map<string, unknown>()));
    return records;
  };
  const journal = openJournal(path.join(directory, 'state.jsonl'), tables, recordsOf);
  const dirty = new Map<string, [table: string, key: string]>();
  const changes = new Set<string>();
  const calls = new AsyncLocalStorage<OpenCall>();
  const changesHere = (): Set<string> => {
    const call = calls.getStore();
    return call?.isOpen === true ? call.changes : changes;
  };
  let pending: (() => void)[] = [];

  const mark = (table: string, key: string): void => {
    const name = `${table}/${key}`;
    dirty.set(name, [table, key]);
    changesHere().add(name);
  };
  const flush = (): void => {
    if (dirty.size > 0) {
      const written = [...dirty.values()].map(([table, key]): Change => {
        const record = recordsOf(table).get(key);
        return record === undefined ? [table, key] : [table, key, record];
      });
      dirty.clear();
      journal.append(written);
    }
    const actions = pending;
    pending = [];
    for (const act of actions) act();
  };

  return {
    table: <T>(name: string) =>
      tableOf(recordsOf(name) as Map<string, T>, (key) => mark(name, key)),
    flush,
    afterFlush: (act) => pending.push(act),
    takeChanges: () => {
      const here = changesHere();
      const taken = [...here];
      here.clear();
      return taken;
    },
    asOneCall: async (work) => {
      const call: OpenCall = { changes: new Set(), isOpen: true };
      try {
        return await calls.run(call, work);
      } finally {
        // Work that the call has started goes on in its context, and is a call's no longer.
        call.isOpen = false;
        for (const name of call.changes) changes.add(name);
      }
    },
    close: () => {
      flush();
      journal.close();
      // Each storage that is not disabled is carried along by every promise of the process, for ever.
      calls.disable();
    },
  };
}

function tableOf<T>(records: Map<string, T>, mark: (key: string) => void): Table<T> {
  return {
    get: (key) => records.get(key),
    has: (key) => records.has(key),
    put: (key, record) => {
      records.set(key, record);
      mark(key);
    },
    delete: (key) => {
      if (records.delete(key)) mark(key);
    },
    values: () => records.values(),
    entries: () => records.entries(),
    get size() {
      return records.size;
    },
  };
}
