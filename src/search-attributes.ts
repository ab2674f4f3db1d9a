/** The search attributes of a namespace: those that runs need, and the command that registers missing ones. */

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

/** Every run waits for ever in a namespace that lacks one of its search attributes. */
export class MissingSearchAttributesError extends Error {
  readonly next: string;

  constructor(namespace: string, names: readonly string[]) {
    super(`the Temporal namespace ${namespace} lacks the search attributes ${names.join(', ')}`);
    this.name = 'MissingSearchAttributesError';
    this.next = `Run: ${createCommand(namespace, names)}`;
  }
}

/** Those that every run needs. */
export const neededAttributes: SearchAttributes = Object.fromEntries(
  SEARCH_ATTRIBUTES.map(({ name, type }) => [name, type]),
);

/** The command with which the operator registers these. */
export function createCommand(
  namespace: string,
  names: readonly string[],
  wanted: SearchAttributes = neededAttributes,
): string {
  const flags = names.map((name) => `--name ${name} --type ${wanted[name] ?? 'Keyword'}`);
  return `temporal operator search-attribute create --namespace ${namespace} ${flags.join(' ')}`;
}

/** Names of `wanted` that the namespace lacks; throws `SearchAttributeTypeError`. */
export async function missingSearchAttributes(
  connection: NamespaceConnection,
  namespace: string,
  wanted: SearchAttributes,
): Promise<string[]> {
  const { customAttributes } = await connection.withDeadline(Date.now() + callTimeoutMs, () =>
    connection.operatorService.listSearchAttributes({ namespace }),
  );
  const codes: Record<string, number> = customAttributes ?? {};
  return Object.keys(wanted).filter((name) => {
    const type = wanted[name] ?? 'Keyword';
    if (codes[name] === undefined) return true;
    if (codes[name] === indexedValueTypes[type]) return false;
    throw new SearchAttributeTypeError(namespace, name, type);
  });
}

/**
 * Throws `MissingSearchAttributesError` or `SearchAttributeTypeError` when a run would wait for ever. Looks again
 * while `patienceMs` lasts: a server shows a new attribute after some seconds.
 */
export async function requireSearchAttributes(
  connection: NamespaceConnection,
  namespace: string,
  patienceMs = 0,
): Promise<void> {
  const untilMs = Date.now() + patienceMs;
  for (;;) {
    const missing = await missingOrRefused(connection, namespace);
    if (missing.length === 0) return;
    if (Date.now() >= untilMs) throw new MissingSearchAttributesError(namespace, missing);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

const LOOK_EVERY_MS = 500;

async function missingOrRefused(
  connection: NamespaceConnection,
  namespace: string,
): Promise<string[]> {
  try {
    return await missingSearchAttributes(connection, namespace, neededAttributes);
  } catch (error) {
    const code = isGrpcServiceError(error) ? Number(error.code) : undefined;
    // Temporal Cloud has no operator service for clients; a query with an unknown attribute is refused there, too.
    if (![permissionDenied, unauthenticated, unimplemented].includes(code ?? -1)) throw error;
  }
  const names = Object.keys(neededAttributes);
  const isKnown = await Promise.all(names.map((name) => isQueried(connection, namespace, name)));
  return names.filter((_name, index) => !isKnown[index]);
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
