/** Temporal's programs: the server and its SQL tool, built once from the Go module proxy, and the command line. */

import { access, copyFile, mkdir, rename } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { findTemporalBinary } from '../../src/local/temporal/binary.js';

/** The version of docker-compose.yml. */
export const TEMPORAL_VERSION = '1.30.1';
const MODULE = `go.temporal.io/server@v${TEMPORAL_VERSION}`;

export interface TemporalPrograms {
  /** Has `temporal-server`, `temporal-sql-tool` and `temporal`, in this order of search. */
  readonly searchPath: string;
  /** As /etc/temporal/schema in the container of admin-tools. */
  readonly schema: string;
}

/** Takes about eight minutes of one core the first time. */
export async function temporalPrograms(log: (line: string) => void): Promise<TemporalPrograms> {
  const cache = process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache');
  const folder = path.join(cache, 'fedimg-stack', TEMPORAL_VERSION);
  await mkdir(folder, { recursive: true });
  const wanted = { 'cmd/server': 'temporal-server', 'cmd/tools/sql': 'temporal-sql-tool' };
  for (const [command, name] of Object.entries(wanted)) {
    await buildOnce({ command, file: path.join(folder, name), folder, log });
  }
  const { stdout } = await go(['mod', 'download', '-json', MODULE]);
  const { Dir: source } = JSON.parse(stdout) as { readonly Dir: string };
  const cli = await findTemporalBinary({ log: () => undefined });
  return {
    searchPath: [folder, path.dirname(cli.path)].join(path.delimiter),
    schema: path.join(source, 'schema'),
  };
}

async function buildOnce({
  command,
  file,
  folder,
  log,
}: {
  readonly command: string;
  readonly file: string;
  readonly folder: string;
  readonly log: (line: string) => void;
}): Promise<void> {
  if (await exists(file)) return;
  const built = path.join(folder, path.basename(command));
  if (!(await exists(built))) {
    log(
      `Building ${path.basename(file)} ${TEMPORAL_VERSION} with go; the first time takes minutes`,
    );
    const [at, version] = MODULE.split('@');
    await go(['install', `${at}/${command}@${version}`], { GOBIN: folder });
  }
  await copyFile(built, `${file}.draft`);
  await rename(`${file}.draft`, file);
}

async function go(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const asked = await execa('go', args, { env: { GOFLAGS: '-p=1', ...env }, reject: false });
  if (asked.code === 'ENOENT') {
    throw new Error(
      'go is not installed. Install Go 1.24 or newer from https://go.dev/dl/, then run this again.',
    );
  }
  if (asked.exitCode !== 0) throw new Error(`go ${args.join(' ')}: ${asked.stderr}`);
  return asked;
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
