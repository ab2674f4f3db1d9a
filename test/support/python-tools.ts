/** Python programs from PyPI in folders of their own, kept between runs. */

import { access, mkdir, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { runCommand } from '../../src/local/processes/run-command.js';
import { takeRunLock } from '../../src/local/processes/run-lock.js';

export interface PythonToolsRequest {
  /** Names the folder: another name for other requirements, as a folder that is whole is not looked at again. */
  readonly name: string;
  /** As pip takes them: `boto3`, `fedora-messaging==3.9.1`. */
  readonly requirements: readonly string[];
}

const INSTALL_LIMIT_MS = 300_000;
const LOCK_POLL_MS = 500;

/** The folder of the programs; installs them when they are not there. Throws with what is missing. */
export async function pythonTools({ name, requirements }: PythonToolsRequest): Promise<string> {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const folder = join(cache, 'fedimg-test', name);
  const bin = join(folder, 'bin');
  const whole = join(folder, 'whole');
  if (await exists(whole)) return bin;
  const release = await waitForLock(`${folder}.lock`);
  try {
    if (!(await exists(whole))) {
      await install(folder, requirements);
      await writeFile(whole, '');
    }
    return bin;
  } finally {
    await release();
  }
}

/** boto3 and the AWS CLI. */
export function awsTools(): Promise<string> {
  return pythonTools({ name: 'aws-tools-1', requirements: ['boto3', 'awscli'] });
}

/** Gives the suite that calls it boto3 and the AWS CLI; skips the suite, with the reason, where pip cannot install them. */
export function useAwsTools(): () => string {
  let bin = '';
  before(async function () {
    this.timeout(INSTALL_LIMIT_MS);
    try {
      bin = await awsTools();
    } catch (error) {
      const why = String(error).split('\n')[0] ?? '';
      console.error(`      skipped, because boto3 and awscli cannot be installed: ${why}`);
      this.skip();
    }
  });
  return () => bin;
}

async function install(folder: string, requirements: readonly string[]): Promise<void> {
  // A setting of the user that pip refuses in an environment.
  const limit = { timeoutMs: INSTALL_LIMIT_MS, env: { ...process.env, PIP_USER: '0' } };
  await runCommand('python3', ['-m', 'venv', '--clear', folder], limit);
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
  await runCommand(join(folder, 'bin', 'python'), [...pip, ...requirements], limit);
}

/** Two runs at once are common, in two work trees: the second one waits and finds the work done. */
async function waitForLock(directory: string): Promise<() => Promise<void>> {
  await mkdir(directory, { recursive: true });
  const end = performance.now() + INSTALL_LIMIT_MS;
  for (;;) {
    try {
      return await takeRunLock(directory);
    } catch (error) {
      if (performance.now() > end) throw error;
      await delay(LOCK_POLL_MS);
    }
  }
}

async function exists(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  );
}
