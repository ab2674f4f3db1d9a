/**
 * `npm run units:try`: boots a real systemd in a container (systemd-nspawn) with the units of ops/systemd, and checks what they
 * promise. Needs root, Debian's `systemd-container`, a build, and a usr-merged system; changes nothing outside its folder.
 */

import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startTemporalServer } from '../src/local/temporal/server.js';
import { neededAttributes } from '../src/search-attributes.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const exec = promisify(execFile);
const BOOT_LIMIT_MS = 6 * 60_000;

/** What the probe must report. */
const EXPECTED: Readonly<Record<string, RegExp>> = {
  worker: /^running, polls the task queue units$/,
  seccomp: /^2$/,
  capabilities: /^0+$/,
  user: /^fedimg$/,
  'journal lines of the compose': /^[2-9]$/,
  'step in the journal': /^[1-9]$/,
  'fedimg logs': /^[1-9]\d*$/,
  watchdog: /^1 restart, running$/,
  stop: /^success$/,
  dashboard: /^running, 200$/,
  'dashboard stop': /^success$/,
};

const base = await mkdtemp(path.join(tmpdir(), 'fedimg-units-'));
try {
  const facts = await factsOfContainer();
  const wrong = Object.entries(EXPECTED).filter(
    ([name, wanted]) => !wanted.test(facts.get(name) ?? ''),
  );
  for (const [name, value] of facts) console.log(`${name}: ${value}`);
  if (wrong.length > 0) {
    console.error(
      `wrong: ${wrong.map(([name, wanted]) => `${name} is not ${String(wanted)}`).join('; ')}`,
    );
    process.exitCode = 1;
  } else console.log('The units do what they promise.');
} finally {
  await rm(base, { recursive: true, force: true });
}

async function factsOfContainer(): Promise<Map<string, string>> {
  const server = await startTemporalServer({
    stateDir: base,
    log: console.log,
    searchAttributes: neededAttributes,
  });
  try {
    await makeRoot(server.address);
    await boot();
    const text = await readFile(path.join(base, 'out/probe.log'), 'utf8');
    return new Map(
      text.split('\n').flatMap((line) => {
        const at = line.indexOf(': ');
        return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 2)] as const];
      }),
    );
  } finally {
    await server.stop();
  }
}

/** The system's programs with a copy of its /etc, and what an administrator installs. */
async function makeRoot(temporalAddress: string): Promise<void> {
  const root = path.join(base, 'root');
  const units = path.join(root, 'etc/systemd/system');
  for (const name of [
    'usr',
    'var',
    'root',
    'tmp',
    'proc',
    'sys',
    'dev',
    'run',
    'opt/out',
    'opt/fedimg',
  ]) {
    await mkdir(path.join(root, name), { recursive: true });
  }
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
    const target = await readlink(`/${name}`).catch(() => undefined);
    if (target !== undefined) await symlink(target, path.join(root, name));
  }
  await cp('/etc', path.join(root, 'etc'), { recursive: true, verbatimSymlinks: true });
  // No service of this machine starts in the container.
  await rm(units, { recursive: true, force: true });
  await rm(path.join(root, 'etc/machine-id'), { force: true });
  await cp(path.join(ROOT, 'ops/systemd'), units, { recursive: true });
  await cp(path.join(ROOT, 'scripts/units/probe.sh'), path.join(root, 'etc/probe.sh'));
  await mkdir(path.join(units, 'fedimg-worker.service.d'));
  await mkdir(path.join(root, 'etc/fedimg'));
  const files: Readonly<Record<string, string>> = {
    'etc/fedimg.toml':
      'deployment = "units"\n[[amis]]\nregion = "us-east-1"\nami = "al2023"\narch = "x86_64"\n' +
      '[test]\nscript = "/etc/fedimg/smoke.sh"\n[log]\njournal_unit = "fedimg-worker"\n',
    'etc/fedimg/smoke.sh': '#!/bin/sh\nexit 0\n',
    'etc/fedimg/aws-credentials':
      '[default]\naws_access_key_id = AKIATESTTESTTESTTEST\naws_secret_access_key = secret\n',
    // No call to AWS is needed, so none may leave this machine.
    'etc/fedimg.env': `TEMPORAL_ADDRESS=${temporalAddress}\nAWS_ENDPOINT_URL=http://127.0.0.1:9\n`,
    'etc/systemd/system/fedimg-worker.service.d/try.conf':
      '[Service]\nLoadCredential=aws:/etc/fedimg/aws-credentials\nEnvironment=AWS_SHARED_CREDENTIALS_FILE=%d/aws\nWatchdogSec=10s\n',
    'etc/systemd/system/try.target':
      '[Unit]\nRequires=sysinit.target systemd-journald.service\nWants=probe.service\nAfter=sysinit.target\n',
    'etc/systemd/system/probe.service':
      '[Unit]\nAfter=sysinit.target dbus.service\nWants=dbus.service\n[Service]\nType=oneshot\n' +
      'ExecStart=/bin/bash /etc/probe.sh\nStandardOutput=file:/opt/out/probe.log\nTimeoutStartSec=infinity\n',
  };
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(root, name), text);
}

/** Mounts exist only in a mount namespace of their own. /usr gets the command that the units start. */
async function boot(): Promise<void> {
  for (const name of ['out', 'upper']) await mkdir(path.join(base, name));
  const script = `
    set -e
    mount --make-rprivate /
    mount -t tmpfs tmpfs "$1/upper"
    mkdir -p "$1/upper/up/local/bin" "$1/upper/work"
    ln -s /opt/fedimg/bin/fedimg.js "$1/upper/up/local/bin/fedimg"
    mount -t overlay overlay -o "lowerdir=/usr,upperdir=$1/upper/up,workdir=$1/upper/work" "$1/root/usr"
    exec systemd-nspawn --quiet --register=no --keep-unit --link-journal=no --directory="$1/root" \\
      --bind-ro="$2:/opt/fedimg" --bind-ro="$3:$3" --bind="$1/out:/opt/out" --boot systemd.unit=try.target`;
  const modules = await readlink(path.join(ROOT, 'node_modules')).catch(() =>
    path.join(ROOT, 'node_modules'),
  );
  const args = ['--mount', 'sh', '-c', script, 'sh', base, ROOT, modules];
  await exec('unshare', args, { timeout: BOOT_LIMIT_MS, maxBuffer: 2 ** 26 });
}
