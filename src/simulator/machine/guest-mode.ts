/** Which guest modes this host allows. */

import type { GuestMode } from './guest-mode-name.js';
import { promises as fs } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { DiskKeeper } from './disk-keeper.js';
import { layOutGuestFolder } from './guest-folder.js';
import { startInNamespaces } from './guest.js';
import { findHostTool } from './host-tools.js';
import type { MachineSpec } from './machine.js';

export const guestModes: readonly GuestMode[] = ['loop', 'files', 'shims'];

export function isGuestMode(text: string): text is GuestMode {
  return (guestModes as readonly string[]).includes(text);
}

export interface GuestModeChoice {
  readonly mode: GuestMode;
  /** Why a better one is not used; undefined when it is the best. */
  readonly reason: string | undefined;
}

let best: Promise<GuestModeChoice> | undefined;

/** What the first probe of this process found: a probe costs as much as the start of a guest. */
export async function bestGuestMode(): Promise<GuestModeChoice> {
  const probe = (best ??= probeGuestMode());
  const choice = await probe.catch((error: unknown) => {
    best = undefined;
    throw error;
  });
  // A poorer mode may come of a host that was busy or had no free loop device: the next simulator probes again.
  if (choice.reason !== undefined) best = undefined;
  return choice;
}

/** Finds the best mode by trying it: a kernel that knows namespaces may still refuse them here. */
export async function probeGuestMode(): Promise<GuestModeChoice> {
  const directory = await fs.mkdtemp(path.join(os.tmpdir(), 'local-cloud-probe-'));
  try {
    const refusal = await tryNamespaces(directory);
    if (refusal !== undefined) return { mode: 'shims', reason: refusal };
    const noLoop = await tryLoopDevice(directory);
    if (noLoop !== undefined) return { mode: 'files', reason: noLoop };
    return { mode: 'loop', reason: undefined };
  } finally {
    await fs.rm(directory, { recursive: true, force: true });
  }
}

async function tryNamespaces(directory: string): Promise<string | undefined> {
  for (const tool of ['unshare', 'nsenter', 'mount', 'mkfifo']) {
    if (findHostTool(tool) === undefined) return `this host lacks ${tool}`;
  }
  try {
    const spec = probeSpec(path.join(directory, 'guest'));
    const folder = await layOutGuestFolder(spec, 'files');
    const guest = await startInNamespaces(folder);
    await guest.stop();
    return undefined;
  } catch (error) {
    return `namespaces are refused here (${messageOf(error)})`;
  }
}

async function tryLoopDevice(directory: string): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'loop devices need root';
  for (const tool of ['losetup', 'mknod', 'blockdev']) {
    if (findHostTool(tool) === undefined) return `this host lacks ${tool}`;
  }
  const file = path.join(directory, 'disk');
  const node = path.join(directory, 'node');
  await fs.writeFile(file, Buffer.alloc(1024 * 1024));
  const keeper = new DiskKeeper();
  try {
    await keeper.attach(file, node);
    // A container may have the node and still be denied the device.
    const handle = await fs.open(node, 'r+');
    await handle.close();
    return undefined;
  } catch (error) {
    return `loop devices are refused here (${messageOf(error)})`;
  } finally {
    await keeper.close();
  }
}

function probeSpec(directory: string): MachineSpec {
  return {
    instanceId: 'i-00000000000000000',
    region: 'us-east-1',
    instanceType: 't3.micro',
    architecture: 'x86_64',
    bootMode: 'legacy-bios',
    virtualizationType: 'hvm',
    os: 'amazon-linux-2023',
    instanceProfile: false,
    imageId: 'ami-00000000000000000',
    rootDevice: { volumeId: 'vol-0', deviceName: '/dev/xvda', file: '/dev/null', sizeBytes: 0 },
    otherDisks: [],
    userData: undefined,
    directory,
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
