/** Templates of AMI names and descriptions: placeholders in braces, and EC2's rules for the result. */

import type { Variant } from './variant.js';
import { VOLUME_TYPES } from './variant.js';

/** The placeholders of a template, and the meaning of each. */
export const PLACEHOLDERS = {
  image: "the file's name without .raw.xz",
  compose: "the compose's id",
  short: "the release's short name",
  version: "the release's version",
  release: 'the release, as in the tag fedimg:release',
  date: "the compose's date, YYYYMMDD",
  subvariant: 'Cloud_Base and the like',
  arch: 'x86_64 or aarch64',
  virt: 'hvm or paravirtual',
  virt_label: 'HVM or PV',
  volume_type: VOLUME_TYPES.join(', '),
  region: "the region's name",
} as const;
export type Placeholder = keyof typeof PLACEHOLDERS;
export type PlaceholderValues = Readonly<Record<Placeholder, string>>;

export const AMI_NAME_CHARS_MAX = 128;
export const AMI_DESCRIPTION_CHARS_MAX = 255;

/** The longest values in Fedora's composes: a template that fits these fits in practice. */
export const LONGEST_VALUES: PlaceholderValues = {
  image: 'Fedora-Cloud-Base-AmazonEC2-Rawhide-20251021.n.0.aarch64',
  compose: 'Fedora-Rawhide-20251021.n.0',
  short: 'Fedora-Cloud',
  version: 'Rawhide',
  release: 'Rawhide',
  date: '20251021',
  subvariant: 'Cloud_Base',
  arch: 'aarch64',
  virt: 'paravirtual',
  virt_label: 'HVM',
  volume_type: 'standard',
  region: 'ap-northeast-1',
};

const PLACEHOLDER = /\{([^{}]*)\}/g;
const AMI_NAME_CHARS = /^[A-Za-z0-9()[\] ./'@_-]*$/;

/** The names in braces, in order, unknown ones included. */
export function placeholdersIn(template: string): string[] {
  return Array.from(template.matchAll(PLACEHOLDER), ([, name]) => name ?? '');
}

/** The template with its placeholders replaced; those without a value stay. */
export function renderTemplate(template: string, values: Partial<PlaceholderValues>): string {
  return template.replace(PLACEHOLDER, (whole, name: string) =>
    Object.hasOwn(values, name) ? (values[name as Placeholder] ?? whole) : whole,
  );
}

/** The placeholders that differ between the AMIs of one image. */
export function variantValues(variant: Variant, regionName: string): Partial<PlaceholderValues> {
  const { virt, volumeType } = variant;
  const virt_label = virt === 'hvm' ? 'HVM' : 'PV';
  return { virt, virt_label, volume_type: volumeType, region: regionName };
}

/** The problem with an AMI name by EC2's rule (RegisterImage), or `undefined`. */
export function amiNameProblem(name: string): string | undefined {
  if (name.length < 3 || name.length > AMI_NAME_CHARS_MAX) {
    return `has ${name.length} characters, EC2 allows 3 to ${AMI_NAME_CHARS_MAX}`;
  }
  if (!AMI_NAME_CHARS.test(name)) {
    return "has a character that EC2 does not allow in an AMI's name (letters, digits, ( ) [ ] space . / - ' @ _)";
  }
  return undefined;
}

/** What the operator does about that problem. */
export function amiNameAdvice(name: string): string {
  const short = 'publish.image_name in the configuration';
  if (name.length > AMI_NAME_CHARS_MAX) return `Shorten ${short}.`;
  if (name.length < 3) return `Lengthen ${short}.`;
  const illegal = [...new Set(name)].filter((char) => !AMI_NAME_CHARS.test(char));
  const quoted = illegal.map((char) => `"${char}"`).join(' ');
  return `Remove ${quoted}: change ${short}, or rename the image if the character comes from its name.`;
}

/** The problem with an AMI description, or `undefined`. */
export function amiDescriptionProblem(description: string): string | undefined {
  if (description.length > AMI_DESCRIPTION_CHARS_MAX) {
    return `has ${description.length} characters, EC2 allows ${AMI_DESCRIPTION_CHARS_MAX}`;
  }
  if (!/^[\x20-\x7e]*$/.test(description)) return 'has characters other than printable ASCII';
  return undefined;
}
