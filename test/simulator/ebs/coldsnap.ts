/** coldsnap, AWS's own client of the EBS direct APIs, built from crates.io and kept between runs. */

import { access } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../../../src/local/processes/run-command.js';

const version = '0.12.0';
/** One job on a busy machine; most of it is the client of EC2. */
const buildLimitMs = 3_600_000;

/** Where the program is; builds it when it is not there. Throws when there is no cargo. */
export async function coldsnapProgram(): Promise<string> {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const root = join(cache, 'fedimg-test', `coldsnap-${version}`);
  const program = join(root, 'bin', 'coldsnap');
  if (await isThere(program)) return program;
  const build = ['install', 'coldsnap', '--locked', '--version', version, '--root', root];
  await runCommand('nice', ['-n', '19', 'cargo', ...build, '--jobs', '1'], {
    timeoutMs: buildLimitMs,
  });
  return program;
}

async function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
