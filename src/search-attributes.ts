/** The search attributes of a namespace: which of them runs may set, and the commands that register the others. */

import { isGrpcServiceError } from '@temporalio/client';
import type { Connection } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from './contract.js';

/** Codes of `temporal.api.enums.v1.IndexedValueType`. */
export const indexedValueTypes = {
  Text: 1,
  Keyword: 2,
  Int: 3,
  Double: 4,
  Bool: 5,
  Datetime: 6,
  KeywordList: 7,
} as const;

export type SearchAttributeType = keyof typeof indexedValueTypes;
export type SearchAttributes = Readonly<Record<string, SearchAttributeType>>;

/** What the looks need of a connection; a worker's and a client's have it. */
export type NamespaceConnection = Pick<
  Connection,
  'operatorService' | 'workflowService' | 'withDeadline'
>;

/** Which attributes of fedimg a namespace has. Temporal refuses a run's whole task when it sets one of the others. */
export interface AttributeLook {
  readonly usable: readonly string[];
  readonly missing: readonly string[];
  /** These exist with another type. */
  readonly mistyped: readonly string[];
}

/** gRPC status codes. */
const invalidArgument = 3;
const permissionDenied = 7;
const unimplemented = 12;
const unauthenticated = 16;

const callTimeoutMs = 20_000;

/** A search attribute exists with another type, which only the operator can change. */
export class SearchAttributeTypeError extends Error {
  constructor(namespace: string, name: string, wanted: SearchAttributeType) {
    super(
      `The namespace ${namespace} has the search attribute ${name}, but its type is not ${wanted}. Remove it ` +
        `(temporal operator search-attribute remove --namespace ${namespace} --name ${name}), ` +
        'or use another namespace.',
    );
    this.name = 'SearchAttributeTypeError';
  }
}

/** Those that runs set. */
export const wantedAttributes: SearchAttributes = Object.fromEntries(
  SEARCH_ATTRIBUTES.map(({ name, type }) => [name, type]),
);

/** The command with which the operator of a self-hosted cluster registers these. */
export function createCommand(
  namespace: string,
  names: readonly string[],
  wanted: SearchAttributes = wantedAttributes,
): string {
  const flags = names.map((name) => `--name ${name} --type ${wanted[name] ?? 'Keyword'}`);
  return `temporal operator search-attribute create --namespace ${namespace} ${flags.join(' ')}`;
}

/** The same for Temporal Cloud, where clients have no operator service: docs.temporal.io/cloud/tcld/namespace. */
export function cloudCommand(
  namespace: string,
  names: readonly string[],
  wanted: SearchAttributes = wantedAttributes,
): string {
  const flags = names.map((name) => `--search-attribute "${name}=${wanted[name] ?? 'Keyword'}"`);
  return `tcld namespace search-attributes add --namespace ${namespace} ${flags.join(' ')}`;
}

/** What the operator should know and do; undefined when the namespace has all attributes. */
export function attributeWarning(
  namespace: string,
  { missing, mistyped }: Omit<AttributeLook, 'usable'>,
): { readonly message: string; readonly next: string } | undefined {
  const faults = [
    ...(missing.length === 0 ? [] : [`lacks the search attributes ${missing.join(', ')}`]),
    ...(mistyped.length === 0 ? [] : [`has another type for ${mistyped.join(', ')}`]),
  ];
  if (faults.length === 0) return undefined;
  const removed = mistyped.map(
    (name) =>
      `temporal operator search-attribute remove --namespace ${namespace} --name ${name} && `,
  );
  const names = [...missing, ...mistyped];
  return {
    message: `the Temporal namespace ${namespace} ${faults.join(' and ')}; runs do not set them, so lists and filters lack these columns`,
    next: `Run: ${removed.join('')}${createCommand(namespace, names)} (in Temporal Cloud: ${cloudCommand(namespace, names)}). New runs set them about a minute later.`,
  };
}

/** Names of `wanted` that the namespace lacks; throws `SearchAttributeTypeError`. */
export async function missingSearchAttributes(
  connection: NamespaceConnection,
  namespace: string,
  wanted: SearchAttributes,
): Promise<string[]> {
  const { missing, mistyped } = await listed(connection, namespace, wanted);
  const [name] = mistyped;
  if (name !== undefined) {
    throw new SearchAttributeTypeError(namespace, name, wanted[name] ?? 'Keyword');
  }
  return missing;
}

/** Looks at the attributes that runs set. Rejects when Temporal is out of reach. */
export async function lookAtAttributes(
  connection: NamespaceConnection,
  namespace: string,
): Promise<AttributeLook> {
  try {
    return await listed(connection, namespace, wantedAttributes);
  } catch (error) {
    const code = isGrpcServiceError(error) ? Number(error.code) : undefined;
    // Temporal Cloud has no operator service for clients; a query with an unknown attribute is refused there, too.
    if (![permissionDenied, unauthenticated, unimplemented].includes(code ?? -1)) throw error;
  }
  const names = Object.keys(wantedAttributes);
  const isKnown = await Promise.all(names.map((name) => isQueried(connection, namespace, name)));
  return {
    usable: names.filter((_name, index) => isKnown[index]),
    missing: names.filter((_name, index) => !isKnown[index]),
    mistyped: [],
  };
}

async function listed(
  connection: NamespaceConnection,
  namespace: string,
  wanted: SearchAttributes,
): Promise<Record<keyof AttributeLook, string[]>> {
  const { customAttributes } = await connection.withDeadline(Date.now() + callTimeoutMs, () =>
    connection.operatorService.listSearchAttributes({ namespace }),
  );
  const codes: Record<string, number> = customAttributes ?? {};
  const look: Record<keyof AttributeLook, string[]> = { usable: [], missing: [], mistyped: [] };
  for (const [name, type] of Object.entries(wanted)) {
    if (codes[name] === undefined) look.missing.push(name);
    else if (codes[name] === indexedValueTypes[type]) look.usable.push(name);
    else look.mistyped.push(name);
  }
  return look;
}

async function isQueried(
  connection: NamespaceConnection,
  namespace: string,
  name: string,
): Promise<boolean> {
  try {
    await connection.withDeadline(Date.now() + callTimeoutMs, () =>
      connection.workflowService.countWorkflowExecutions({ namespace, query: `${name} = "x"` }),
    );
    return true;
  } catch (error) {
    if (isGrpcServiceError(error) && Number(error.code) === invalidArgument) return false;
    throw error;
  }
}
