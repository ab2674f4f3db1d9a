/** What the JSON Schema says of a key, in words. */

import { ALLOWED_KEYWORD } from '../../src/config/fields.js';
import type { JsonSchemaNode } from '../../src/config/json-schema.js';

/** What a value of the key may be: a type in words, the words that are allowed, or bounds. */
export function typeOf(node: JsonSchemaNode): string {
  const alternatives = node['anyOf'];
  if (Array.isArray(alternatives))
    return (alternatives as JsonSchemaNode[]).map(typeOf).join(' or ');
  if (node['const'] !== undefined) return JSON.stringify(node['const']);
  if (Array.isArray(node['enum']))
    return (node['enum'] as unknown[]).map((word) => JSON.stringify(word)).join(', ');
  const allowed = node[ALLOWED_KEYWORD];
  if (typeof allowed === 'string') return `duration, ${allowed}`;
  switch (node['type']) {
    case 'array':
      return `list of ${node.items === undefined ? 'values' : plural(typeOf(node.items))}`;
    case 'boolean':
      return 'true or false';
    case 'integer':
    case 'number':
      return `${String(node['type'])}${bounds(node)}`;
    default:
      return 'string';
  }
}

function plural(type: string): string {
  return type === 'string' ? 'strings' : type;
}

function bounds({ minimum, maximum }: JsonSchemaNode): string {
  const far = Number.MAX_SAFE_INTEGER;
  const least = typeof minimum === 'number' && minimum > -far ? minimum : undefined;
  const most = typeof maximum === 'number' && maximum < far ? maximum : undefined;
  if (least === undefined && most === undefined) return '';
  if (most === undefined) return `, at least ${least}`;
  return least === undefined ? `, at most ${most}` : `, ${least} to ${most}`;
}

/** Whether a key opens a table of its own. */
export function isTable(node: JsonSchemaNode): boolean {
  return (
    node.properties !== undefined ||
    node.items?.properties !== undefined ||
    typeof node['additionalProperties'] === 'object'
  );
}
