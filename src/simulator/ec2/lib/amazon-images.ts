/** Amazon's own images in every region: Amazon Linux 2023, and PV-GRUB kernels where they exist. */

import fs from 'node:fs';
import path from 'node:path';
import type { Cloud } from '../../cloud.js';
import { hexOf } from '../../random.js';
import { amazonAccounts, partitionOfRegion } from '../../partition.js';
import { paravirtualKernels, regionsOf } from '../../regions.js';
import type { Architecture, ImageRecord, SnapshotRecord } from '../../store/state.js';
import { bytesPerGiB, snapshotFile } from '../../store/storage.js';

const rootSizeGiB = 8;
const everyone = { everyone: true, accounts: [] };

interface Release {
  readonly version: string;
  readonly createdAt: number;
}

const dayMs = 24 * 3600_000;
const firstRelease = Date.UTC(2025, 9, 21, 20, 37, 52);
const earlierRelease = Date.UTC(2025, 8, 30, 21, 4, 11);

/** Amazon releases about every two weeks. At this pace two releases are current at any time. */
const releaseEveryMs = 45 * dayMs;
/** The next releases are there already, and are shown once the clock has come that far. */
const aheadMs = 180 * dayMs;

/** AL2023 user guide, "Deprecation": an AMI is deprecated 90 days after its release. */
const currentForMs = 90 * dayMs;

/** All releases up to that time. Oldest first: a client that takes the first as the newest is found out. */
function releasesUntil(timeMs: number): Release[] {
  const times = [earlierRelease];
  for (let at = firstRelease; at <= timeMs; at += releaseEveryMs) times.push(at);
  return times.map((createdAt, index) => {
    const built = new Date(createdAt - dayMs).toISOString().slice(0, 10).replaceAll('-', '');
    return { version: `2023.${9 + Math.floor(index / 2)}.${built}.0`, createdAt };
  });
}

/** The images that `/aws/service/ami-amazon-linux-latest/…` has named up to that time, the oldest first. */
export function amazonLinuxReleases(
  region: string,
  architecture: 'x86_64' | 'arm64',
  nowMs: number,
): { readonly id: string; readonly createdAt: number }[] {
  return releasesUntil(Math.max(nowMs, firstRelease)).map((release) => ({
    id: imageId(region, imageName(release, architecture)),
    createdAt: release.createdAt,
  }));
}

/** Presets all of it; the ids depend on region and name only, so they are the same in every cloud. */
export function presetAmazonImages(cloud: Cloud): void {
  let seq = -1_000_000;
  const releases = releasesUntil(cloud.clock.now() + aheadMs);
  for (const region of regionsOf(cloud).values()) {
    for (const release of releases) {
      for (const architecture of ['x86_64', 'arm64'] as const) {
        const snapshot = amazonSnapshot(
          region.name,
          imageName(release, architecture),
          release,
          seq++,
        );
        ensureDisk(cloud, snapshot);
        cloud.snapshots.preset(snapshot);
        cloud.images.preset(amazonLinux(region.name, architecture, release, snapshot, seq++));
      }
    }
    for (const kernel of kernels(region.name)) {
      cloud.images.preset(kernelImage(region.name, kernel, seq++));
    }
  }
}

/** The first two are there whatever the clock shows. */
function shownFrom({ createdAt }: Release): number {
  return createdAt <= firstRelease ? 0 : createdAt;
}

function imageName(release: Release, architecture: string): string {
  return `al2023-ami-${release.version}-kernel-6.1-${architecture}`;
}

function imageId(region: string, name: string): string {
  return `ami-0${hexOf(`${region} ${name}`, 16)}`;
}

function amazonSnapshot(
  region: string,
  name: string,
  release: Release,
  seq: number,
): SnapshotRecord {
  return {
    id: `snap-0${hexOf(`${region} ${name} root`, 16)}`,
    region,
    seq,
    createdAt: release.createdAt,
    visibleAt: shownFrom(release),
    tags: {},
    ownerId: amazonAccounts[partitionOfRegion(region)],
    ownerAlias: 'amazon',
    volumeId: `vol-0${hexOf(`${region} ${name} source`, 16)}`,
    sizeGiB: rootSizeGiB,
    description: '',
    encrypted: false,
    completesAt: release.createdAt,
    file: path.join('snapshots', 'amazon-linux.img'),
    permissions: everyone,
  };
}

/** One sparse disk for all of them: a protective partition table and a boot signature, no system. */
function ensureDisk(cloud: Cloud, snapshot: SnapshotRecord): void {
  const file = snapshotFile(cloud.stateDir, snapshot);
  if (fs.existsSync(file)) return;
  const sector = Buffer.alloc(512);
  sector.write('Amazon Linux 2023 stand-in', 3, 'ascii');
  sector.writeUInt8(0xee, 450);
  sector.writeUInt32LE(1, 454);
  sector.writeUInt32LE((rootSizeGiB * bytesPerGiB) / 512 - 1, 458);
  sector.writeUInt16LE(0xaa55, 510);
  fs.writeFileSync(`${file}.next`, sector);
  fs.truncateSync(`${file}.next`, rootSizeGiB * bytesPerGiB);
  fs.renameSync(`${file}.next`, file);
}

function amazonLinux(
  region: string,
  architecture: Architecture,
  release: Release,
  snapshot: SnapshotRecord,
  seq: number,
): ImageRecord {
  const name = imageName(release, architecture);
  return {
    id: imageId(region, name),
    region,
    seq,
    createdAt: release.createdAt,
    visibleAt: shownFrom(release),
    tags: {},
    imageType: 'machine',
    ownerId: amazonAccounts[partitionOfRegion(region)],
    ownerAlias: 'amazon',
    name,
    description: `Amazon Linux 2023 AMI ${release.version} ${architecture} HVM kernel-6.1`,
    architecture,
    virtualizationType: 'hvm',
    bootMode: architecture === 'arm64' ? 'uefi' : 'uefi-preferred',
    enaSupport: true,
    sriovNetSupport: 'simple',
    imdsSupport: 'v2.0',
    rootDeviceName: '/dev/xvda',
    blockDevices: [
      {
        deviceName: '/dev/xvda',
        ebs: {
          snapshotId: snapshot.id,
          volumeSizeGiB: rootSizeGiB,
          volumeType: 'gp3',
          deleteOnTermination: true,
          encrypted: false,
          iops: 3000,
          throughput: 125,
        },
      },
    ],
    os: 'amazon-linux-2023',
    availableAt: release.createdAt,
    permissions: everyone,
    deprecationTime: new Date(release.createdAt + currentForMs).toISOString(),
  };
}

interface Kernel {
  readonly id: string;
  readonly name: string;
  readonly architecture: Architecture;
}

/**
 * They have no deprecation time: EC2's user guide ("User provided kernels") lists them without
 * IncludeDeprecated. hd0 is for a disk without partitions, hd00 for one whose first partition holds the system.
 */
function kernels(region: string): Kernel[] {
  const documented = paravirtualKernels.get(region);
  if (documented === undefined) return [];
  return (['x86_64', 'i386'] as const).flatMap((architecture, index) => {
    const partitioned = `pv-grub-hd00_1.05-${architecture}.gz`;
    return [
      { id: documented[index] ?? '', name: `pv-grub-hd0_1.05-${architecture}.gz`, architecture },
      { id: `aki-${hexOf(`${region} ${partitioned}`, 8)}`, name: partitioned, architecture },
    ];
  });
}

function kernelImage(region: string, kernel: Kernel, seq: number): ImageRecord {
  const createdAt = Date.UTC(2016, 8, 28, 22, 45, 10);
  return {
    id: kernel.id,
    region,
    seq,
    createdAt,
    visibleAt: 0,
    tags: {},
    imageType: 'kernel',
    ownerId: amazonAccounts[partitionOfRegion(region)],
    ownerAlias: 'amazon',
    name: kernel.name,
    description: undefined,
    architecture: kernel.architecture,
    virtualizationType: 'paravirtual',
    enaSupport: false,
    blockDevices: [],
    os: 'unknown',
    availableAt: createdAt,
    permissions: everyone,
  };
}
