/** Code for Terraform, the AWS CLI and Ansible that looks an AMI up by its owner and name. */

import { ec2Arch, HVM_VARIANT_KEYS, variantKey } from '../ids/variant.js';
import { printable } from '../printable.js';
import type { AmiRecord } from '../progress/progress.js';
import { imageKeyOf, inOrder, ofOneVariant, regionsOf } from './catalogue.js';

export const SNIPPET_FORMATS = ['terraform', 'aws-cli', 'ansible'] as const;
export type SnippetFormat = (typeof SNIPPET_FORMATS)[number];

/** A look-up by name alone would find the AMIs of any account. */
export class UnknownOwnerError extends Error {
  readonly image: string;

  constructor(image: string) {
    super(`the owner account of the AMIs of ${image} is not recorded in its run`);
    this.name = 'UnknownOwnerError';
    this.image = image;
  }
}

/** One image of one release and architecture: the newest that is public, in one variant. */
interface Lookup {
  readonly id: string;
  readonly title: string;
  readonly owner: string;
  readonly ec2Arch: string;
  /** One name, or one for each region; in each region at most one of them exists. */
  readonly names: readonly string[];
}

/** Throws an `UnknownOwnerError` for AMIs without a recorded owner. */
export function snippetLines(records: readonly AmiRecord[], format: SnippetFormat): string[] {
  const write = { terraform, 'aws-cli': awsCli, ansible }[format];
  return lookupsOf(records).flatMap((lookup, index) => [
    ...(index === 0 ? [] : ['']),
    ...write(lookup),
  ]);
}

/** Only for public AMIs: other accounts cannot find a private one. */
function lookupsOf(records: readonly AmiRecord[]): Lookup[] {
  const groups = new Map<string, AmiRecord[]>();
  for (const record of inOrder(records.filter((one) => one.public && one.ami !== null))) {
    const key = JSON.stringify([record.release, record.subvariant, record.arch]);
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [record]);
    else known.push(record);
  }
  const taken = new Set<string>();
  return [...groups.values()].map((group) => lookupOf(group, taken));
}

/** `group` has all AMIs of one release, image and architecture, newest first. */
function lookupOf(group: readonly AmiRecord[], taken: Set<string>): Lookup {
  const newest = group.filter((one) => group[0] && imageKeyOf(one) === imageKeyOf(group[0]));
  const hvm = ofOneVariant(newest, HVM_VARIANT_KEYS);
  // Prefer HVM even in fewer regions: few instance types boot a paravirtual AMI.
  const amis = hvm.length > 0 ? hvm : ofOneVariant(newest);
  const [first] = amis;
  if (first === undefined) throw new TypeError('a group without an AMI');
  const { owner, subvariant = 'image', release, arch, compose, label } = first;
  if (owner === undefined) throw new UnknownOwnerError(first.image);
  const words = `${subvariant}_${release}_${arch}`.toLowerCase().replace(/[^a-z0-9]+/g, '_');
  const base = /^[a-z]/.test(words) ? words : `ami_${words}`;
  let id = base;
  for (let count = 2; taken.has(id); count += 1) id = `${base}_${count}`;
  taken.add(id);
  const what = [compose, ...(label === undefined ? [] : [label]), arch, variantKey(first)];
  what.push(...coverage(amis, group));
  return {
    id,
    title: printable(what.join(', ')).replace(/\s+/g, ' '),
    owner,
    ec2Arch: ec2Arch(arch),
    names: [...new Set(amis.map(({ name }) => name))].sort(),
  };
}

/** Adds a comment when the newest image covers fewer regions than the release does. */
function coverage(amis: readonly AmiRecord[], group: readonly AmiRecord[]): string[] {
  const [here, everywhere] = [regionsOf(amis), regionsOf(group)];
  const lacking = everywhere.filter((regionName) => !here.includes(regionName));
  if (lacking.length === 0) return [];
  const share = `in ${here.length} of the ${everywhere.length} regions that have this release`;
  return [`${share}: not in ${lacking.join(', ')}`];
}

function terraform({ id, title, owner, ec2Arch, names }: Lookup): string[] {
  return [
    `# ${title}`,
    `data "aws_ami" "${id}" {`,
    `  owners = [${hcl(owner)}]`,
    '',
    ...terraformFilter('name', names),
    '',
    ...terraformFilter('architecture', [ec2Arch]),
    '}',
  ];
}

function terraformFilter(name: string, values: readonly string[]): string[] {
  const [only, second] = values.map(hcl);
  if (second === undefined) {
    return ['  filter {', `    name   = ${hcl(name)}`, `    values = [${only ?? ''}]`, '  }'];
  }
  const items = values.map((value) => `      ${hcl(value)},`);
  return ['  filter {', `    name = ${hcl(name)}`, '    values = [', ...items, '    ]', '  }'];
}

function awsCli({ title, owner, ec2Arch, names }: Lookup): string[] {
  // JSON, because the short form splits values at commas and reads brackets as lists.
  const filters = [
    { Name: 'name', Values: names },
    { Name: 'architecture', Values: [ec2Arch] },
  ];
  return [
    `# ${title}`,
    `aws ec2 describe-images --owners ${shell(owner)} \\`,
    `  --filters ${shell(asciiJson(filters))} \\`,
    "  --query 'Images[].ImageId' --output text",
  ];
}

function ansible({ id, title, owner, ec2Arch, names }: Lookup): string[] {
  return [
    `# ${title}`,
    `- name: Look up the AMI of ${id}`,
    '  amazon.aws.ec2_ami_info:',
    '    owners:',
    // Quoted, because a number would lose its leading zeros.
    `      - ${yaml(owner)}`,
    '    filters:',
    `      architecture: ${yaml(ec2Arch)}`,
    '      name:',
    ...names.map((name) => `        - ${yaml(name)}`),
    `  register: ${id}`,
  ];
}

/** A quoted HCL string, with template markers escaped. */
function hcl(text: string): string {
  const plain = text
    .replace(/["\\]/g, '\\$&')
    .replace(/[^\x20-\x7e]/g, (unit) => `\\u${hexadecimal(unit)}`);
  return `"${plain.replace(/[$%](?=\{)/g, (sign) => sign + sign)}"`;
}

function hexadecimal(unit: string): string {
  return unit.charCodeAt(0).toString(16).padStart(4, '0');
}

function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(/[^\x20-\x7e]/g, (unit) => `\\u${hexadecimal(unit)}`);
}

function shell(text: string): string {
  return /^[A-Za-z0-9_.-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** A JSON string is a YAML string; `!unsafe` keeps Ansible from reading Jinja's braces in it. */
function yaml(text: string): string {
  const quoted = asciiJson(text);
  return /\{[{%#]/.test(text) ? `!unsafe ${quoted}` : quoted;
}
