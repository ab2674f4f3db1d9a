/** The append-only file behind the store: one line a flush, rewritten when most of it is out of date. */

import fs from 'node:fs';

export type Change = [table: string, key: string, record?: unknown];
type Tables = ReadonlyMap<string, ReadonlyMap<string, unknown>>;

export interface Journal {
  append(changes: readonly Change[]): void;
  close(): void;
}

/** A journal this much longer than what it holds is rewritten; below the floor it stays. */
const compactAtRatio = 4;
const compactFloorBytes = 8 * 1024 * 1024;

/** Reads the journal into the tables, drops a last line that a kill cut short, and opens it for more. */
export function openJournal(
  file: string,
  tables: Tables,
  recordsOf: (table: string) => Map<string, unknown>,
): Journal {
  replay(file, (table, key, record) => {
    if (record === undefined) recordsOf(table).delete(key);
    else recordsOf(table).set(key, record);
  });
  let liveBytes = rewrite(file, tables);
  let fileBytes = liveBytes;
  let descriptor = fs.openSync(file, 'a');
  return {
    append: (changes) => {
      const text = `${JSON.stringify(changes)}\n`;
      fs.writeSync(descriptor, text);
      fileBytes += text.length;
      if (fileBytes <= compactFloorBytes || fileBytes <= liveBytes * compactAtRatio) return;
      fs.closeSync(descriptor);
      liveBytes = fileBytes = rewrite(file, tables);
      descriptor = fs.openSync(file, 'a');
    },
    close: () => fs.closeSync(descriptor),
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
      // The last line may be cut short: its call was never answered. Other lines are damaged.
      if (index === lines.length - 1) return;
      throw new Error(
        `${file}: line ${index + 1} is not JSON: the local cloud's state is damaged. Remove its folder to start anew.`,
        { cause },
      );
    }
    for (const [table, key, record] of transaction) apply(table, key, record);
  }
}

/** Writes the records of now to a new file, which replaces the old journal in one step. */
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
