/** The four AMIs that one snapshot becomes: virtualization x volume type. */

import type { Arch } from '../compose/compose.js';

const VIRTUALIZATIONS = ['hvm', 'paravirtual'] as const;
const VOLUME_TYPES = ['gp3', 'gp2', 'standard'] as const;
export type Virtualization = (typeof VIRTUALIZATIONS)[number];
export type VolumeType = (typeof VOLUME_TYPES)[number];

/** Every variant that can be; what most users want comes first: HVM boots anywhere, gp3 and gp2 are fast. */
export const VARIANT_KEYS: readonly string[] = VIRTUALIZATIONS.flatMap((virt) =>
  VOLUME_TYPES.map((volumeType) => `${virt}-${volumeType}`),
);

/** What messages and sites that have room for one AMI a region name: users start these today. */
export const HVM_VARIANT_KEYS: readonly string[] = VOLUME_TYPES.map((type) => `hvm-${type}`);

export interface Variant {
  readonly virt: Virtualization;
  readonly volumeType: VolumeType;
}

export type { Arch } from '../compose/compose.js';
/** What EC2 calls it. */
export type Ec2Arch = 'x86_64' | 'arm64';

/** `hvm-gp2`: the variant's name in configuration, tags and messages. */
export function variantKey(variant: Variant): string {
  return `${variant.virt}-${variant.volumeType}`;
}

/** The variant of a key, or undefined when it is none. */
export function parseVariantKey(key: string): Variant | undefined {
  const virt = VIRTUALIZATIONS.find((one) => key.startsWith(`${one}-`));
  const volumeType = VOLUME_TYPES.find((one) => key === `${virt}-${one}`);
  return virt === undefined || volumeType === undefined ? undefined : { virt, volumeType };
}

export function ec2Arch(arch: Arch): Ec2Arch {
  return arch === 'aarch64' ? 'arm64' : 'x86_64';
}

/** HVM first: the default test runs on the first one. */
export function variantsOf(
  virtualizations: readonly Virtualization[],
  volumeTypes: readonly VolumeType[],
): Variant[] {
  const ordered = [...virtualizations].sort((a, b) => a.localeCompare(b));
  return ordered.flatMap((virt) => volumeTypes.map((volumeType) => ({ virt, volumeType })));
}

/** A reason why no AMI of this virtualization can exist there, or undefined when it can. */
export function variantRefusal(
  variant: Variant,
  where: { readonly arch: Arch; readonly region: string; readonly kernel: string | undefined },
): string | undefined {
  if (variant.virt === 'hvm') return undefined;
  if (where.arch !== 'x86_64') return `EC2 has no paravirtual instances for ${ec2Arch(where.arch)}`;
  if (where.kernel === undefined) return `no PV kernel (AKI) is to be had in ${where.region}`;
  return undefined;
}
