/**
 * The log of a service in systemd's journal, with fields (`journalctl -u fedimg-worker COMPOSE=…`). The journal takes fields
 * on a datagram socket, which Node cannot open: util-linux' `logger --journald` writes each line.
 */

import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { fstatSync } from 'node:fs';
import { once } from 'node:events';
import { text as textOf } from 'node:stream/consumers';
import { journalEntry, priorityOf } from './journal-entry.js';

/** What pino writes lines to. */
export interface LineStream {
  write(line: string): void;
}

/**
 * The journal reads the sender's unit from /proc when it takes an entry, so the sender must not be gone by then: `sleep`
 * never waits for its child, which stays a zombie, and a zombie has its cgroup until the end (cgroups(7), version 2).
 */
const SCRIPT = 'exec 3<&0; logger --journald <&3 3<&- & exec sleep 1 <&- 3<&- >&- 2>&-';

/** More lines than this wait only where the journal hangs; later ones go the way of plain output. */
const WAITING_MAX = 1_000;
const LAST_LINES_TIMEOUT_MS = 2_000;

/** Undefined where stderr is not the journal, or `logger` cannot write to it. */
export function openJournal(env: NodeJS.ProcessEnv = process.env): LineStream | undefined {
  if (!isJournal(2, env) || !canLogger()) return undefined;
  return new Journal();
}

/** systemd.exec(5): JOURNAL_STREAM has the device and inode of the stream that systemd has connected. */
export function isJournal(fd: number, { JOURNAL_STREAM: stream }: NodeJS.ProcessEnv): boolean {
  if (stream === undefined || stream === '') return false;
  const { dev, ino } = fstatSync(fd);
  return stream === `${dev}:${ino}`;
}

/** For the plain output of a service: systemd takes the priority off (`SyslogLevelPrefix=`). */
export function withPriority(line: string): string {
  return `<${priorityOf(line)}>${line}`;
}

function canLogger(): boolean {
  try {
    return execFileSync('logger', ['--help'], { encoding: 'utf8' }).includes('--journald');
  } catch {
    return false;
  }
}

class Journal implements LineStream {
  readonly #waiting: string[] = [];
  #isWriting = false;
  #hasFailed = false;

  constructor() {
    // The last lines of a process often say why it ends.
    process.on('exit', () => this.#writeRest());
  }

  write(line: string): void {
    if (this.#hasFailed || this.#waiting.length >= WAITING_MAX) {
      process.stderr.write(withPriority(line));
      return;
    }
    this.#waiting.push(line);
    if (!this.#isWriting) void this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    for (;;) {
      const [line] = this.#waiting;
      if (line === undefined) break;
      const failure = await writeEntry(journalEntry(line));
      if (failure !== undefined) this.#fail(failure);
      this.#waiting.shift();
      if (this.#hasFailed) break;
    }
    this.#isWriting = false;
  }

  /** From now on lines go to stderr: in the journal, but without fields. */
  #fail(reason: string): void {
    this.#hasFailed = true;
    process.stderr.write(
      `<4>fedimg: logger --journald failed, so log lines have no fields: ${reason}\n`,
    );
    for (const line of this.#waiting) process.stderr.write(withPriority(line));
    this.#waiting.length = 1;
  }

  /** Without the line that is being written: `logger` has it already. */
  #writeRest(): void {
    for (const line of this.#waiting.slice(this.#isWriting ? 1 : 0)) {
      const options = { input: journalEntry(line), timeout: LAST_LINES_TIMEOUT_MS };
      const { status } = spawnSync('sh', ['-c', SCRIPT], options);
      if (status !== 0) process.stderr.write(withPriority(line));
    }
  }
}

/** Resolves when `logger` has ended, with its complaint if it has one. */
async function writeEntry(entry: string): Promise<string | undefined> {
  const child = spawn('sh', ['-c', SCRIPT], { stdio: ['pipe', 'ignore', 'pipe'] });
  child.unref();
  child.stdin.on('error', () => undefined);
  child.stdin.end(entry);
  try {
    // Only `logger` has stderr open: its end is the end of this stream.
    const [complaint] = await Promise.all([textOf(child.stderr), once(child, 'spawn')]);
    return complaint === '' ? undefined : complaint.trim();
  } catch (error) {
    return (error as Error).message;
  }
}
