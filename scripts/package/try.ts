/** Whether a new user gets from the package to public AMIs: an empty folder, a new HOME, `npx fedimg demo`. */

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { run } from './run.js';

/** The user's own settings stay outside, but for what leads to the network. */
const KEPT =
  /^(?:PATH|LANG|LC_\w+|TERM|TMPDIR|CI|(?:https?|no|all)_proxy|npm_config_registry|PIP_\w+|SSL_CERT_\w+|NODE_EXTRA_CA_CERTS)$/i;

export interface TryOptions {
  readonly tarball: string;
  /** Folder of the `node` to use; default: of the PATH. */
  readonly nodeFolder?: string;
}

/** Rejects when the demo does not exit with 0. Downloads the dependencies, and Temporal's server where none is on the PATH. */
export async function tryPackage({ tarball, nodeFolder }: TryOptions): Promise<void> {
  const base = await mkdtemp(path.join(tmpdir(), 'fedimg-package-'));
  const [home, cwd] = [path.join(base, 'home'), path.join(base, 'empty')];
  await Promise.all([mkdir(home), mkdir(cwd)]);
  const kept = Object.entries(process.env).filter(([name]) => KEPT.test(name));
  const ofUser = (process.env['PATH'] ?? '')
    .split(':')
    .filter((one) => !one.includes('node_modules'));
  const env = {
    ...Object.fromEntries(kept),
    HOME: home,
    PATH: [...(nodeFolder === undefined ? [] : [nodeFolder]), ...ofUser].join(':'),
  };
  try {
    // What a user types once the package is on a registry is `npx fedimg demo`.
    await run('npx', ['--yes', `--package=${tarball}`, '--', 'fedimg', 'demo'], { cwd, env });
    // Without one, npm installs into the next folder above that has a package.json.
    await writeFile(path.join(cwd, 'package.json'), '{"private": true}\n');
    await run('npm', ['install', '--no-save', '--prefer-offline', tarball], { cwd, env });
    for (const args of [['--version'], ['completion', 'bash'], ['config', 'schema']]) {
      await run(path.join(cwd, 'node_modules/.bin/fedimg'), args, { cwd, env });
    }
  } finally {
    await rm(base, { recursive: true, force: true });
  }
}
