/**
 * The system's xz as a child process. It works on another core and in memory of its own, which it bounds itself; its
 * pipes hold it up when the blocks cannot be written as fast; and it is the program that write-image.sh calls, so both
 * strategies refuse the same files. When the worker is killed, its pipes close and it ends.
 */

import type { ChildProcessByStdio } from 'node:child_process';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { promisify } from 'node:util';
import { EC2_UTILITY_EXCEPTION, ServiceError } from '../../model/errors.js';
import type { Check } from '../../model/check.js';
import { failure, ok } from '../../model/check.js';

/** `xz -9` needs 65 MiB. A hostile file may ask for 4 GiB, and other images share the worker's machine. */
const MEMORY_MIB_MAX = 256;
/** Of several threads together; with less, xz takes fewer threads (xz(1), --memlimit-mt-decompress). */
const THREADS_MIB_MAX = 128;
const STDERR_CHARS_MAX = 4_000;

/** Decompression in several threads came with 5.4.0, with the option that bounds its memory. */
const THREADED_VERSION = 50_040_000;

const run = promisify(execFile);

let version: Promise<number | undefined> | undefined;

/** As xz numbers it, 50040012 for 5.4.1; undefined where there is no xz. */
function xzVersion(): Promise<number | undefined> {
  version ??= run('xz', ['--robot', '--version']).then(
    ({ stdout }) => Number(/^XZ_VERSION=(\d+)$/m.exec(stdout)?.[1] ?? 0),
    () => {
      version = undefined;
      return undefined;
    },
  );
  return version;
}

const INSTALL = 'Install xz on the machine of the worker: apt install xz-utils, or dnf install xz.';

/** For `fedimg doctor`, which looks at the machine that it runs on. */
export async function checkUnpacker(): Promise<Check> {
  const found = await xzVersion();
  return found === undefined
    ? failure('worker', 'xz', 'write.strategy = "ebs-direct" needs xz on this machine', INSTALL)
    : ok('worker', 'xz', found < THREADED_VERSION ? 'is there' : 'is there, with threads');
}

export interface Unpacked {
  /** Null when a signal ended it. */
  readonly status: number | null;
  readonly stderr: string;
}

export class Unpacker {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #ended: Promise<Unpacked>;
  #isOver = false;

  private constructor(args: readonly string[]) {
    const env = { ...process.env, LC_ALL: 'C', XZ_OPT: '', XZ_DEFAULTS: '' };
    this.#child = spawn('xz', args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
    let stderr = '';
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = `${stderr}${text}`.slice(-STDERR_CHARS_MAX);
    });
    // It may end before it has read all; what came of it is in its status.
    this.#child.stdin.on('error', () => (this.#isOver = true));
    this.#ended = new Promise((resolve, reject) => {
      this.#child.on('error', reject);
      this.#child.on('close', (status) => {
        this.#isOver = true;
        resolve({ status, stderr });
      });
    });
    this.#ended.catch(() => undefined);
  }

  static async start(): Promise<Unpacker> {
    const found = await xzVersion();
    if (found === undefined) throw withoutXz();
    const threads = ['--threads=0', `--memlimit-mt-decompress=${THREADS_MIB_MAX}MiB`];
    return new Unpacker([
      ...['--decompress', '--stdout', `--memlimit-decompress=${MEMORY_MIB_MAX}MiB`],
      ...(found < THREADED_VERSION ? [] : threads),
    ]);
  }

  /** It takes no more bytes: it has failed, or was ended. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Resolves when it can take more. */
  async write(piece: Buffer): Promise<void> {
    const { stdin } = this.#child;
    if (this.#isOver || stdin.write(piece) || this.#isOver) return;
    const done = new AbortController();
    const { signal } = done;
    await Promise.race([
      once(stdin, 'drain', { signal }),
      once(stdin, 'close', { signal }),
      this.#ended,
    ]).catch(() => undefined);
    done.abort();
  }

  end(): void {
    this.#child.stdin.end();
  }

  /** The raw bytes. */
  get output(): AsyncIterable<Buffer> {
    return this.#child.stdout;
  }

  /** How it ended; rejects when it could not be started. */
  ended(): Promise<Unpacked> {
    return this.#ended;
  }

  kill(): void {
    this.#isOver = true;
    this.#child.kill('SIGKILL');
    this.#child.stdin.destroy();
    this.#child.stdout.destroy();
  }
}

function withoutXz(): ServiceError {
  const message = 'this worker cannot unpack images: its machine has no xz';
  const details = { code: 'tools-missing', class: 'refused', next: INSTALL } as const;
  return new ServiceError(EC2_UTILITY_EXCEPTION, message, details);
}
