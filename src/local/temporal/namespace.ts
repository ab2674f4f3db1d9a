/** Prepares a namespace for workflows: it must answer and have the search attributes. */
import type { Connection } from '@temporalio/client';
import { isGrpcServiceError } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import type { SearchAttributes, SearchAttributeType } from '../../search-attributes.js';
import {
  createCommand,
  indexedValueTypes,
  missingSearchAttributes,
} from '../../search-attributes.js';

/** gRPC status codes. */
const notFound = 5;
const alreadyExists = 6;
const permissionDenied = 7;
const unimplemented = 12;
const unauthenticated = 16;

const callTimeoutMs = 20_000;
/** Local histories belong to the user: ten years instead of the development server's one day. */
const localRetentionMs = 10 * 365 * 24 * 60 * 60 * 1000;

/** Throws unless the namespace exists. A server that refuses the question counts as having it. */
export async function requireNamespace(connection: Connection, namespace: string): Promise<void> {
  try {
    await connection.withDeadline(Date.now() + callTimeoutMs, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
  } catch (error) {
    const code = grpcCode(error);
    if (code === permissionDenied || code === unimplemented) return;
    if (code === notFound) {
      throw new Error(
        `Temporal has no namespace ${namespace}. Create it with ` +
          `temporal operator namespace create --namespace ${namespace}, or set TEMPORAL_NAMESPACE.`,
        { cause: error },
      );
    }
    throw error;
  }
}

/**
 * Adds those of `wanted` that are missing; safe to repeat and to run several times at once. Where the
 * server forbids it (Temporal Cloud), logs what the operator has to do. Throws `SearchAttributeTypeError`.
 */
export async function addSearchAttributes(
  connection: Connection,
  namespace: string,
  wanted: SearchAttributes,
  log: (line: string) => void,
): Promise<void> {
  let missing = Object.keys(wanted);
  try {
    missing = await missingSearchAttributes(connection, namespace, wanted);
    for (const name of missing)
      await addOne(connection, namespace, name, wanted[name] ?? 'Keyword');
  } catch (error) {
    const code = grpcCode(error);
    if (code === undefined || ![permissionDenied, unauthenticated, unimplemented].includes(code)) {
      throw error;
    }
    log(
      `Temporal refuses to add search attributes (${(error as Error).message}). If they are missing, run:`,
    );
    log(`  ${createCommand(namespace, missing, wanted)}`);
  }
}

async function addOne(
  connection: Connection,
  namespace: string,
  name: string,
  type: SearchAttributeType,
): Promise<void> {
  try {
    await connection.withDeadline(Date.now() + callTimeoutMs, () =>
      connection.operatorService.addSearchAttributes({
        namespace,
        searchAttributes: { [name]: indexedValueTypes[type] },
      }),
    );
  } catch (error) {
    if (grpcCode(error) !== alreadyExists) throw error;
  }
}

/** Keeps closed workflows of a local server for ten years; safe to repeat. */
export async function keepHistories(connection: Connection, namespace: string): Promise<void> {
  await connection.withDeadline(Date.now() + callTimeoutMs, () =>
    connection.workflowService.updateNamespace({
      namespace,
      config: { workflowExecutionRetentionTtl: msToTs(localRetentionMs) },
    }),
  );
}

function grpcCode(error: unknown): number | undefined {
  return isGrpcServiceError(error) ? error.code : undefined;
}
