/** Amazon's own images in every region: Amazon Linux 2023, and PV-GRUB kernels where they exist. */

import fs from 'node:fs';
import path from 'node:path';
import type { Cloud } from '../../cloud.js';
import { hexOf } from '../../random.js';
import { paravirtualKernels, regions } from '../../regions.js';
import type { Architecture, ImageRecord, SnapshotRecord } from '../../store/state.js';
import { bytesPerGiB, snapshotFile } from '../../store/storage.js';

const amazonAccountId = '137112412989';
const rootSizeGiB = 8;
const everyone = { everyone: true, accounts: [] };

interface Release {
  readonly version: string;
  readonly createdAt: number;
}

/** Oldest first, so that a client that picks a wrong image as "the most recent" is found out. */
const releases: readonly [Release, Release] = [
  { version: '2023.9.20250929.0', createdAt: Date.UTC(2025, 8, 30, 21, 4, 11) },
  { version: '2023.9.20251020.0', createdAt: Date.UTC(2025, 9, 21, 20, 37, 52) },
];

/** AL2023 images are deprecated 90 days after release; these stay current however old the release is. */
const deprecationTime = '2099-01-01T00:00:00.000Z';

/** The image that `/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-ARCH` names. */
export function latestAmazonLinuxId(region: string, architecture: 'x86_64' | 'arm64'): string {
  return imageId(region, imageName(releases[1], architecture));
}

/** Presets all of it; the ids depend on region and name only, so they are the same in every cloud. */
export function presetAmazonImages(cloud: Cloud): void {
  let seq = -1_000_000;
  for (const region of regions.values()) {
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
    visibleAt: 0,
    tags: {},
    ownerId: amazonAccountId,
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
    visibleAt: 0,
    tags: {},
    imageType: 'machine',
    ownerId: amazonAccountId,
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
    deprecationTime,
  };
}

interface Kernel {
  readonly id: string;
  readonly name: string;
  readonly architecture: Architecture;
}

/** hd0 is for a disk without partitions, hd00 for one whose first partition holds the system. */
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
    ownerId: amazonAccountId,
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
