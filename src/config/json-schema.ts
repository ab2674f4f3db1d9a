/** The configuration as JSON Schema: for editors, for the reference page, and for "did you mean". */
import { z } from 'zod';
import { configSchema } from './schema.js';

/** The part of a JSON Schema node that fedimg reads. */
export interface JsonSchemaNode {
  description?: string;
  default?: unknown;
  properties?: Record<string, JsonSchemaNode>;
  items?: JsonSchemaNode;
  [keyword: string]: unknown;
}

let cached: JsonSchemaNode | undefined;

/** The schema of the file as it is written (draft 2020-12). */
export function configJsonSchema(): JsonSchemaNode {
  cached ??= z.toJSONSchema(configSchema, { io: 'input' }) as JsonSchemaNode;
  return cached;
}

/** The same as a document of its own, for `fedimg config schema` and the editors that read it. */
export function publishedJsonSchema(version: string): JsonSchemaNode {
  const { $schema, ...schema } = configJsonSchema();
  return {
    $schema,
    title: 'fedimg.toml',
    description: `The configuration of fedimg ${version}.`,
    ...schema,
  };
}

/** The keys that the table at a path may have; a number in the path is an item of a list. */
export function keysAt(path: readonly PropertyKey[]): string[] {
  let node: JsonSchemaNode | undefined = configJsonSchema();
  for (const part of path) {
    if (typeof part === 'number') node = node?.items;
    else
      node =
        node?.properties && Object.hasOwn(node.properties, part)
          ? node.properties[String(part)]
          : undefined;
  }
  return Object.keys(node?.properties ?? {});
}
