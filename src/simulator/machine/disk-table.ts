/** The disks of one machine: their device names in the guest, attaching and detaching. */

import { promises as fs } from 'node:fs';
import path from 'node:path';

import type { DiskKeeper } from './disk-keeper.js';
import { replaceToolFile, type GuestFolder } from './guest-folder.js';
import type { GuestMode } from './guest-mode-name.js';
import type { MachineDisk, MachineSpec } from './machine.js';

/** Instance types without the Nitro hypervisor show Xen names, which have no serial (EC2 user guide, instance types). */
const xenFamilies =
  /^(t1|t2|m1|m2|m3|m4|c1|c3|c4|r3|r4|i2|d2|g2|g3|h1|hs1|p2|p3|x1|x1e|f1|cc2|cr1)\./;

interface AttachedDisk {
  readonly disk: MachineDisk;
  readonly name: string;
  readonly root: boolean;
}

export class DiskTable {
  readonly #folder: GuestFolder;
  readonly #mode: GuestMode;
  readonly #keeper: DiskKeeper;
  readonly #spec: MachineSpec;
  readonly #xen: boolean;
  readonly #attached: AttachedDisk[] = [];
  #turn: Promise<void> = Promise.resolve();

  constructor(spec: MachineSpec, folder: GuestFolder, mode: GuestMode, keeper: DiskKeeper) {
    this.#spec = spec;
    this.#folder = folder;
    this.#mode = mode;
    this.#keeper = keeper;
    this.#xen = xenFamilies.test(spec.instanceType);
  }

  has(volumeId: string): boolean {
    return this.#attached.some((entry) => entry.disk.volumeId === volumeId);
  }

  async attachRoot(disk: MachineDisk): Promise<void> {
    await this.#add({ disk, name: this.#xen ? 'xvda' : 'nvme0n1', root: true });
    const partition = this.#xen ? 'xvda1' : 'nvme0n1p1';
    const source = `${this.#guestDev()}/${partition}`;
    await replaceToolFile(this.#folder, 'mounts', `${source}\t/\txfs\n`);
  }

  async attach(disk: MachineDisk): Promise<void> {
    await this.#inTurn(async () => {
      if (this.has(disk.volumeId)) return;
      await this.#add({ disk, name: this.#freeName(disk), root: false });
    });
  }

  /** Takes the disk away; writes that were flushed are in its file afterwards. */
  async detach(volumeId: string): Promise<void> {
    await this.#inTurn(() => this.#remove(volumeId));
  }

  /** One at a time, because two disks that come at once would take the same free name. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #remove(volumeId: string): Promise<void> {
    const index = this.#attached.findIndex((entry) => entry.disk.volumeId === volumeId);
    const entry = this.#attached[index];
    if (entry === undefined) return;
    const node = this.#hostNode(entry);
    for (const alias of this.#aliases(entry)) await fs.rm(alias, { force: true });
    if (this.#mode === 'loop') await this.#keeper.detach(node);
    else await fs.rm(node, { force: true });
    this.#attached.splice(index, 1);
    await this.restoreSize(entry.disk);
    await this.#write();
  }

  async detachAll(): Promise<void> {
    for (const { disk } of [...this.#attached]) await this.detach(disk.volumeId);
  }

  /** Whether a process has the disk open, or the guest's mount table names it. */
  async inUse(volumeId: string): Promise<boolean> {
    const entry = this.#attached.find((each) => each.disk.volumeId === volumeId);
    if (entry === undefined) return false;
    if (entry.root) return true;
    const mounts = await fs
      .readFile(path.join(this.#folder.tools, 'mounts'), 'utf8')
      .catch(() => '');
    const device = `${this.#guestDev()}/${entry.name}`;
    const mounted = mounts.split('\n').some((line) => line.split('\t')[0]?.startsWith(device));
    return mounted || (await isOpen(this.#hostNode(entry)));
  }

  /** Gives a file that stands for a disk its length again, which `>` truncates. */
  async restoreSizes(): Promise<void> {
    for (const { disk } of this.#attached) await this.restoreSize(disk);
  }

  async restoreSize(disk: MachineDisk): Promise<void> {
    if (this.#mode === 'loop') return;
    const stat = await fs.stat(disk.file).catch(() => undefined);
    if (stat !== undefined && stat.size !== disk.sizeBytes) {
      await fs.truncate(disk.file, disk.sizeBytes);
    }
  }

  #guestDev(): string {
    return this.#mode === 'shims' ? this.#folder.dev : '/dev';
  }

  #hostNode(entry: AttachedDisk): string {
    return path.join(this.#folder.dev, entry.name);
  }

  async #add(entry: AttachedDisk): Promise<void> {
    const node = this.#hostNode(entry);
    if (this.#mode === 'loop' && entry.disk.sizeBytes > 0) {
      await this.#keeper.attach(entry.disk.file, node);
    } else {
      await fs.rm(node, { force: true });
      // A second name of the same file: the guest may remove the name, never the file.
      await fs.link(entry.disk.file, node).catch(async (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EXDEV' || this.#mode !== 'shims') throw error;
        await fs.symlink(entry.disk.file, node);
      });
    }
    this.#attached.push(entry);
    for (const alias of this.#aliases(entry)) {
      await fs.rm(alias, { force: true }).catch(() => undefined);
      await fs.symlink(`${this.#guestDev()}/${entry.name}`, alias).catch(() => undefined);
    }
    await this.#write();
  }

  /**
   * EBS user guide, "Map Amazon EBS volumes to NVMe device names": udev rules make the by-id link
   * everywhere, and Amazon Linux also links the name of the block device mapping.
   */
  #aliases(entry: AttachedDisk): string[] {
    if (this.#xen) return [];
    const serial = entry.disk.volumeId.replace('-', '');
    const aliases = [
      path.join(this.#folder.dev, 'disk/by-id', `nvme-Amazon_Elastic_Block_Store_${serial}`),
    ];
    if (this.#spec.os === 'amazon-linux-2023') {
      aliases.push(path.join(this.#folder.dev, path.basename(entry.disk.deviceName)));
    }
    return aliases;
  }

  #freeName(disk: MachineDisk): string {
    const taken = new Set(this.#attached.map((entry) => entry.name));
    if (this.#xen) {
      // /dev/sdf is seen as /dev/xvdf (EC2 user guide, "Device names for volumes").
      return `xvd${path.basename(disk.deviceName).replace(/^(sd|xvd)/, '')}`;
    }
    let number = 1;
    while (taken.has(`nvme${number}n1`)) number += 1;
    return `nvme${number}n1`;
  }

  async #write(): Promise<void> {
    const lines = this.#attached.map(({ disk, name, root }) => {
      const serial = this.#xen ? '-' : disk.volumeId.replace('-', '');
      const node = `${this.#guestDev()}/${name}`;
      return `${name}\t${serial}\t${disk.sizeBytes}\t${node}\t${root ? 'root' : 'data'}\n`;
    });
    await replaceToolFile(this.#folder, 'disks', lines.join(''));
  }
}

/** Looks through the processes that are readable; the simulator's own descriptors do not count. */
async function isOpen(node: string): Promise<boolean> {
  const wanted = await fs.stat(node).catch(() => undefined);
  if (wanted === undefined) return false;
  const processes = await fs.readdir('/proc').catch(() => []);
  for (const pid of processes) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
    const descriptors = await fs.readdir(`/proc/${pid}/fd`).catch(() => []);
    for (const descriptor of descriptors) {
      const open = await fs.stat(`/proc/${pid}/fd/${descriptor}`).catch(() => undefined);
      if (open === undefined) continue;
      const same = wanted.isBlockDevice()
        ? open.isBlockDevice() && open.rdev === wanted.rdev
        : open.dev === wanted.dev && open.ino === wanted.ino;
      if (same) return true;
    }
  }
  return false;
}
