/** The policies of ops/iam/policies, and their placeholders. */

import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

export const IAM_FOLDER = fileURLToPath(new URL('../../ops/iam/', import.meta.url));

export interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<
    Record<string, Readonly<Record<string, string | readonly string[]>>>
  >;
}

export interface Policy {
  readonly Version: '2012-10-17';
  readonly Statement: readonly Statement[];
}

/** What an installation fills in: `${deployment}` in a text, or the whole of a Resource. */
export interface Placeholders {
  readonly partition: string;
  readonly account: string;
  readonly deployment: string;
  /** ARNs. */
  readonly kms_keys: readonly string[];
  /** ARNs. */
  readonly ami_parameters: readonly string[];
}

/** By name: `worker`, `instance`, and one for each feature. */
export async function readPolicies(): Promise<ReadonlyMap<string, Policy>> {
  const folder = `${IAM_FOLDER}policies/`;
  const files = (await readdir(folder)).sort();
  return new Map(
    await Promise.all(
      files.map(async (file) => {
        const policy = JSON.parse(await readFile(`${folder}${file}`, 'utf8')) as Policy;
        return [file.replace(/\.json$/, ''), policy] as const;
      }),
    ),
  );
}

/** The policy of one installation. */
export function fillIn(policy: Policy, values: Placeholders): Policy {
  const filled = (value: unknown): unknown => {
    if (typeof value === 'string') return filledText(value, values);
    if (Array.isArray(value)) return value.flatMap((one) => filled(one));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, below]) => [key, filled(below)]));
  };
  return filled(policy) as Policy;
}

function filledText(text: string, values: Placeholders): string | readonly string[] {
  const name = (placeholder: string): keyof Placeholders => {
    if (Object.hasOwn(values, placeholder)) return placeholder as keyof Placeholders;
    throw new TypeError(`ops/iam/policies has an unknown placeholder \${${placeholder}}`);
  };
  const whole = /^\$\{(\w+)\}$/.exec(text)?.[1];
  if (whole !== undefined) return values[name(whole)];
  return text.replace(/\$\{(\w+)\}/g, (_, placeholder: string) =>
    String(values[name(placeholder)]),
  );
}
