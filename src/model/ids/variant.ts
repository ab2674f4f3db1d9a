/** The AMIs that one snapshot becomes: virtualization x volume type. */

import type { Arch } from '../compose/compose.js';

export const VIRTUALIZATION_TYPES = ['hvm', 'paravirtual'] as const;
/** Every volume type that an AMI may have, the most wanted first. Add one here, and it is configurable. */
export const VOLUME_TYPES = ['gp3', 'gp2', 'standard'] as const;
export type Virtualization = (typeof VIRTUALIZATION_TYPES)[number];
export type VolumeType = (typeof VOLUME_TYPES)[number];

/** Every variant, the most wanted first: HVM boots anywhere, gp3 and gp2 are fast. */
export const VARIANT_KEYS: readonly string[] = VIRTUALIZATION_TYPES.flatMap((virt) =>
  VOLUME_TYPES.map((volumeType) => `${virt}-${volumeType}`),
);

/** The variants that messages and sites name when they have room for one AMI a region, the most wanted first. */
export const HVM_VARIANT_KEYS: readonly string[] = VOLUME_TYPES.map((type) => `hvm-${type}`);

export interface Variant {
  readonly virt: Virtualization;
  readonly volumeType: VolumeType;
}

export type { Arch } from '../compose/compose.js';
/** The architecture's name in EC2. */
export type Ec2Arch = 'x86_64' | 'arm64';

/** `hvm-gp2`: the variant's name in configuration, tags and messages. */
export function variantKey(variant: Variant): string {
  return `${variant.virt}-${variant.volumeType}`;
}

/** The variant that a key names, or undefined. */
export function parseVariantKey(key: string): Variant | undefined {
  const virt = VIRTUALIZATION_TYPES.find((one) => key.startsWith(`${one}-`));
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

/** Why a region cannot have AMIs of this virtualization, or undefined when it can. */
export function variantRefusal(
  variant: Variant,
  where: {
    readonly arch: Arch;
    readonly region: string;
    readonly kernel: string | undefined;
    /** Why the home region cannot test a paravirtual AMI. */
    readonly untested?: string | undefined;
  },
): string | undefined {
  if (variant.virt === 'hvm') return undefined;
  if (where.arch !== 'x86_64') return `EC2 has no paravirtual instances for ${ec2Arch(where.arch)}`;
  if (where.kernel === undefined) return `EC2 lists no PV kernel (AKI) in ${where.region}`;
  return where.untested;
}
