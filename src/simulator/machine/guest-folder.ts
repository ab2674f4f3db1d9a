/** Lays out one machine's folder: its own system folders, its tools, and the instance's facts for them. */

import { randomBytes } from 'node:crypto';
import {
  constants,
  copyFileSync,
  mkdirSync,
  promises as fs,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';

import { findHostTool, guestScriptFolder, requireHostTool, standardPath } from './host-tools.js';
import type { GuestMode } from './guest-mode-name.js';
import type { MachineSpec } from './machine.js';

/** Everything that has an address in a machine's folder. */
export interface GuestFolder {
  readonly directory: string;
  /** The tools' own folder as the host sees it. */
  readonly tools: string;
  /** The same folder as the guest sees it. */
  readonly guestTools: string;
  readonly dev: string;
  readonly path: string;
  readonly hostName: string;
}

/** Each file of `guest/bin`, and the other names by which it is called. */
const toolNames: Record<string, readonly string[]> = {
  lsblk: [],
  blockdev: [],
  mount: ['umount', 'findmnt', 'mountpoint'],
  dd: [],
  sleep: [],
  curl: [],
  gpgv: [],
  'systemd-run': [],
  systemctl: [],
  journalctl: [],
  shutdown: ['poweroff', 'halt', 'reboot'],
  dnf: ['yum', 'microdnf', 'rpm', 'apt-get', 'apt', 'dpkg', 'snap', 'zypper'],
  identity: [
    'uname',
    'arch',
    'hostname',
    'hostnamectl',
    'getenforce',
    'selinuxenabled',
    'wall',
    'udevadm',
    'partprobe',
    'cloud-init',
    'ec2-metadata',
    'sudo',
  ],
};
/** The guest's own tools that do the work by the host's of the same name. */
const CALLERS_OF_HOST: readonly string[] = ['sleep', 'curl', 'gpgv'];
const libraryFiles = ['lib.sh', 'run-unit.sh', 'exec.sh', 'init.sh'];

/** Folders that a restart empties: they are in memory on Amazon Linux 2023. */
const volatileFolders = ['run', 'tmp', 'work', 'memory', 'merged'];
const ownFolders = [
  'home',
  'root',
  'var/tmp',
  'var/lib',
  'var/log',
  'upper',
  ...volatileFolders,
  'run/local-cloud',
];

export async function layOutGuestFolder(spec: MachineSpec, mode: GuestMode): Promise<GuestFolder> {
  const { directory } = spec;
  const tools = path.join(directory, 'local-cloud');
  const guestTools = mode === 'shims' ? tools : '/run/local-cloud';
  for (const folder of volatileFolders) {
    await fs.rm(path.join(directory, folder), { recursive: true, force: true });
  }
  await fs.rm(path.join(directory, 'dev'), { recursive: true, force: true });
  for (const own of ownFolders) mkdirSync(path.join(directory, own), { recursive: true });
  await emptyTools(tools);

  const folder: GuestFolder = {
    directory,
    tools,
    guestTools,
    dev: path.join(directory, 'dev'),
    path: `${guestTools}/bin:${standardPath}`,
    hostName: `${hostLabel(spec)}.${spec.region === 'us-east-1' ? 'ec2' : spec.region + '.compute'}.internal`,
  };
  writeTools(folder, mode);
  writeFacts(folder, spec, mode);
  if (spec.os === 'unknown') copyAgentBucket(folder);
  layOutDevices(folder, mode);
  return folder;
}

/** Keeps the installed agent and the journal, which are on the disk of a real instance. */
async function emptyTools(tools: string): Promise<void> {
  await fs.mkdir(path.join(tools, 'agent'), { recursive: true });
  for (const entry of await fs.readdir(tools)) {
    if (entry === 'agent' || entry === 'journal') continue;
    await fs.rm(path.join(tools, entry), { recursive: true, force: true });
  }
  await fs.rm(path.join(tools, 'agent', 'active'), { force: true });
  for (const sub of ['bin', 'host', 'units', 'journal']) {
    mkdirSync(path.join(tools, sub), { recursive: true });
  }
  writeFileSync(path.join(tools, 'cloud-init'), 'running\n');
}

/** Synchronous, as all that follows: a hundred small files cost a third of the time that promises take. */
function writeTools(folder: GuestFolder, mode: GuestMode): void {
  for (const file of libraryFiles) {
    writeScript(folder, file, path.join(folder.tools, file));
  }
  const covered: string[] = [];
  for (const [file, others] of Object.entries(toolNames)) {
    if (file === 'dd' && mode === 'loop') continue;
    const names = file === 'identity' ? others : [file, ...others];
    for (const name of names) {
      writeScript(folder, path.join('bin', file), path.join(folder.tools, 'bin', name));
    }
    // These call the host's by its absolute path.
    if (!CALLERS_OF_HOST.includes(file)) covered.push(...names);
  }
  if (mode !== 'shims') coverHostTools(folder, covered);
  if (mode === 'files') {
    copyFileSync(realpathSync(requireHostTool('dd')), path.join(folder.tools, 'host', 'dd'));
  }
}

/** Texts of `guest/`, by name, with the host's bash in their first line. */
const scripts = new Map<string, string>();

function writeScript(folder: GuestFolder, name: string, to: string): void {
  let text = scripts.get(name);
  if (text === undefined) {
    const bash = requireHostTool('bash');
    text = readFileSync(path.join(guestScriptFolder(), name), 'utf8').replace(
      /^#!\/bin\/bash\n/,
      () => `#!${bash}\n`,
    );
    scripts.set(name, text);
  }
  const filled = text.replace("'@MACHINE@'", () => quote(folder.guestTools));
  writeFileSync(to, filled, { mode: 0o755 });
}

/** The files that S3's bucket of the SSM agent has: a package for each architecture, with its signature. */
function copyAgentBucket({ tools }: GuestFolder): void {
  const from = path.join(guestScriptFolder(), 'agent-bucket');
  const to = path.join(tools, 'agent-bucket');
  mkdirSync(to, { recursive: true });
  for (const file of readdirSync(from)) copyFileSync(path.join(from, file), path.join(to, file));
}

let hostTools: ReadonlyMap<string, ReadonlySet<string>> | undefined;

/** What is in the host's tool folders; each folder once although several names may lead to it. */
function readHostTools(): ReadonlyMap<string, ReadonlySet<string>> {
  const places = new Map<string, ReadonlySet<string>>();
  for (const place of standardPath.split(':')) {
    try {
      const real = realpathSync(place);
      if (!places.has(real)) places.set(real, new Set(readdirSync(real)));
    } catch {
      // The host does not have this folder.
    }
  }
  return places;
}

/** A tool that is called by its absolute path must be the guest's, too: `/sbin/shutdown` above all. */
function coverHostTools(folder: GuestFolder, names: readonly string[]): void {
  hostTools ??= readHostTools();
  for (const [place, present] of hostTools) {
    const covers = path.join(folder.directory, 'upper', place);
    mkdirSync(covers, { recursive: true });
    for (const name of names.filter((each) => present.has(each))) {
      const cover = path.join(covers, name);
      rmSync(cover, { force: true });
      symlinkSync(`${folder.guestTools}/bin/${name}`, cover);
    }
  }
}

function writeFacts(folder: GuestFolder, spec: MachineSpec, mode: GuestMode): void {
  const arch = { x86_64: 'x86_64', arm64: 'aarch64', i386: 'i686' }[spec.architecture];
  const facts: Record<string, string> = {
    INSTANCE_ID: spec.instanceId,
    REGION: spec.region,
    GUEST_ARCH: arch,
    GUEST_KERNEL: `6.1.150-174.273.amzn2023.${arch}`,
    GUEST_HOSTNAME: folder.hostName,
    GUEST_ADDRESS: addressOf(spec).join('.'),
    GUEST_PATH: folder.path,
    HOST_DD: mode === 'files' ? `${folder.guestTools}/host/dd` : (findHostTool('dd') ?? 'dd'),
    HOST_SLEEP: findHostTool('sleep') ?? 'sleep',
    HOST_CURL: findHostTool('curl') ?? 'curl',
    HOST_GPGV: findHostTool('gpgv') ?? '',
    GUEST_OS: spec.os,
    AGENT_BUCKET: spec.agentBucket ?? 'intact',
    SETSID: findHostTool('setsid') ?? '',
  };
  const lines = Object.entries(facts).map(([name, value]) => `${name}=${quote(value)}\n`);
  writeFileSync(path.join(folder.tools, 'facts'), lines.join(''));
}

function layOutDevices(folder: GuestFolder, mode: GuestMode): void {
  mkdirSync(path.join(folder.dev, 'shm'), { recursive: true });
  mkdirSync(path.join(folder.dev, 'disk', 'by-id'), { recursive: true });
  if (mode === 'shims') return;
  const links: Record<string, string> = {
    fd: '/proc/self/fd',
    stdin: '/proc/self/fd/0',
    stdout: '/proc/self/fd/1',
    stderr: '/proc/self/fd/2',
    ttyS0: 'console',
    kmsg: 'console',
  };
  for (const [name, target] of Object.entries(links)) {
    symlinkSync(target, path.join(folder.dev, name));
  }
}

/**
 * Replaces a file of the tools' folder in one step. The guest may have put a link in its place, so the
 * new text goes to a name that must not exist yet.
 */
export async function replaceToolFile(
  folder: GuestFolder,
  name: string,
  text: string,
): Promise<void> {
  const next = path.join(folder.tools, `.${name}.${randomBytes(6).toString('hex')}`);
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const handle = await fs.open(next, flags, 0o644);
  try {
    await handle.writeFile(text);
  } finally {
    await handle.close();
  }
  await fs.rename(next, path.join(folder.tools, name));
}

/** An address of its own for each instance, from its id. */
function addressOf(spec: MachineSpec): [number, number, number, number] {
  const digits = Number.parseInt(spec.instanceId.slice(-5), 16) || 1;
  return [172, 31, (digits >> 8) & 0xff, Math.max(4, digits & 0xff)];
}

function hostLabel(spec: MachineSpec): string {
  return `ip-${addressOf(spec).join('-')}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
