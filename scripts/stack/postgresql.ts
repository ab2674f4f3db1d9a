/** A PostgreSQL cluster of this run, of Debian's package, as an unprivileged user. */

import { chown, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import type { ChildProcesses } from '../../src/local/processes/child-processes.js';
import { reserveFreePort } from '../../src/local/processes/free-port.js';

const PACKAGES = '/usr/lib/postgresql';
const READY_TIMEOUT_MS = 60_000;

export class PostgreSql {
  readonly port: number;
  readonly #folder: string;
  readonly #programs: string;
  readonly #processes: ChildProcesses;

  private constructor(parts: {
    folder: string;
    programs: string;
    port: number;
    processes: ChildProcesses;
  }) {
    this.port = parts.port;
    this.#folder = parts.folder;
    this.#programs = parts.programs;
    this.#processes = parts.processes;
  }

  /** A new cluster with the user `temporal`, whose password the file has. */
  static async create(processes: ChildProcesses, passwordFile: string): Promise<PostgreSql> {
    const programs = await newestPrograms();
    const folder = await mkdtemp(path.join(tmpdir(), 'fedimg-stack-postgresql-'));
    const port = await reserveFreePort();
    const server = new PostgreSql({ folder, programs, port, processes });
    const password = path.join(folder, 'password');
    await writeFile(password, await readFile(passwordFile), { mode: 0o600 });
    if (isRoot()) {
      const { stdout: ids } = await execa('sh', ['-c', 'id -u postgres; id -g postgres']);
      const [uid = 0, gid = 0] = ids.split('\n').map(Number);
      for (const file of [folder, password]) await chown(file, uid, gid);
    }
    const [command, ...args] = server.#unprivileged('initdb');
    const cluster = ['-D', server.#data, '-U', 'temporal', '-E', 'UTF8', '--data-checksums'];
    const login = ['--auth=scram-sha-256', `--pwfile=${password}`];
    await execa(command, [...args, ...cluster, ...login], { cwd: folder });
    await server.start();
    return server;
  }

  async start(): Promise<void> {
    const [command, ...args] = this.#unprivileged('postgres');
    const settings = ['listen_addresses=127.0.0.1', `unix_socket_directories=${this.#folder}`];
    const child = this.#processes.start({
      name: 'postgresql',
      command,
      args: [
        ...args,
        '-D',
        this.#data,
        '-p',
        `${this.port}`,
        ...settings.flatMap((one) => ['-c', one]),
      ],
      cwd: this.#folder,
    });
    const isReady = async (): Promise<boolean> => {
      const asked = ['-h', '127.0.0.1', '-p', `${this.port}`, '-q'];
      return (
        (await execa(path.join(this.#programs, 'pg_isready'), asked, { reject: false }))
          .exitCode === 0
      );
    };
    await child.waitUntilReady(isReady, { timeoutMs: READY_TIMEOUT_MS, intervalMs: 200 });
  }

  /** As a service manager stops it: connections are cut, and data is on disk. */
  async stop(): Promise<void> {
    const [command, ...args] = this.#unprivileged('pg_ctl');
    await execa(command, [...args, 'stop', '-D', this.#data, '-m', 'fast', '-w'], {
      cwd: this.#folder,
    });
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #data(): string {
    return path.join(this.#folder, 'data');
  }

  /** PostgreSQL refuses to run as root. */
  #unprivileged(program: string): [string, ...string[]] {
    const file = path.join(this.#programs, program);
    if (!isRoot()) return [file];
    return ['setpriv', '--reuid=postgres', '--regid=postgres', '--init-groups', file];
  }
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

async function newestPrograms(): Promise<string> {
  const versions = await readdir(PACKAGES).catch(() => []);
  const [newest] = versions.sort((one, other) => Number(other) - Number(one));
  if (newest !== undefined) return path.join(PACKAGES, newest, 'bin');
  throw new Error(
    'PostgreSQL is not installed. Run: apt-get install postgresql; its service need not run.',
  );
}
