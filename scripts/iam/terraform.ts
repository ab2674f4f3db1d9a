/** ops/iam/terraform/policies.tf, from the policies; the other files of that folder are written by hand. */

import type { Policy } from './policies.js';

/** What stands for a placeholder in Terraform. */
const PLACEHOLDERS: Readonly<Record<string, string>> = {
  partition: '${data.aws_partition.current.partition}',
  account: '${data.aws_caller_identity.current.account_id}',
  deployment: '${var.deployment}',
};

const LISTS: Readonly<Record<string, string>> = {
  kms_keys: 'var.kms_key_arns',
  ami_parameters: 'var.ami_parameter_arns',
};

export function terraformPolicies(policies: ReadonlyMap<string, Policy>): string {
  const entries = [...policies].map(
    ([name, policy]) => `    ${name.replaceAll('-', '_')} = jsonencode(${expression(policy, 4)})\n`,
  );
  return `# Written by scripts/write-iam.ts from ops/iam/policies. Change those, and run: npx tsx scripts/write-iam.ts

locals {
  policies = {
${entries.join('')}  }
}
`;
}

function expression(value: unknown, indent: number): string {
  const space = ' '.repeat(indent + 2);
  const end = ' '.repeat(indent);
  if (typeof value === 'string') return text(value);
  if (Array.isArray(value)) {
    const items = value.map((one) => `${space}${expression(one, indent + 2)},\n`);
    return `[\n${items.join('')}${end}]`;
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, one]): [string, string] => [
    JSON.stringify(key),
    expression(one, indent + 2),
  ]);
  const lines = members.map(
    ([key, one], index) => `${space}${key.padEnd(widthOf(members, index))} = ${one}\n`,
  );
  return `{\n${lines.join('')}${end}}`;
}

/** As `terraform fmt` aligns them: neighbours that have one line each. */
function widthOf(members: readonly (readonly [string, string])[], index: number): number {
  const isShort = (at: number): boolean => members[at]?.[1].includes('\n') === false;
  if (!isShort(index)) return 0;
  let [first, last] = [index, index];
  while (isShort(first - 1)) first -= 1;
  while (isShort(last + 1)) last += 1;
  return Math.max(...members.slice(first, last + 1).map(([key]) => key.length));
}

function text(value: string): string {
  const list = /^\$\{(\w+)\}$/.exec(value)?.[1];
  if (list !== undefined && LISTS[list] !== undefined) return LISTS[list];
  const known = value.replace(/\$\{(\w+)\}/g, (_, name: string) => PLACEHOLDERS[name] ?? '');
  return JSON.stringify(known);
}
