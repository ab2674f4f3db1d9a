/** Reads requests of the EC2 query protocol: a form to nested parameters (`Filter.1.Value.2=x`). */

import { CloudError } from '../errors.js';

/** A parameter is text or has parameters below it, by name or by number. */
export type Parameter = string | ParameterTree;
export type ParameterTree = Map<string, Parameter>;

const parametersMax = 20_000;
const depthMax = 12;

function malformed(reason: string): CloudError {
  return new CloudError(
    'MalformedQueryString',
    `The query string contains a syntax error: ${reason}`,
  );
}

/** Decodes a form strictly: each pair has a name, escapes are whole, and the bytes are UTF-8. */
export function decodeForm(form: string): [name: string, value: string][] {
  const pairs: [string, string][] = [];
  for (const pair of form.split('&')) {
    if (pair === '') continue;
    if (pairs.length >= parametersMax) throw malformed(`more than ${parametersMax} parameters`);
    const equals = pair.indexOf('=');
    const name = decodePart(equals < 0 ? pair : pair.slice(0, equals));
    if (name === '') throw malformed('a parameter has no name');
    pairs.push([name, equals < 0 ? '' : decodePart(pair.slice(equals + 1))]);
  }
  return pairs;
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part.replaceAll('+', ' '));
  } catch {
    throw malformed('an escape is not valid UTF-8');
  }
}

/** Builds the tree; Maps, so that no name can reach an object's prototype. */
export function nestParameters(pairs: Iterable<readonly [string, string]>): ParameterTree {
  const root: ParameterTree = new Map();
  for (const [name, value] of pairs) {
    const parts = name.split('.');
    if (parts.length > depthMax) throw malformed(`${parts.length} levels of nesting`);
    let tree = root;
    for (const part of parts.slice(0, -1)) {
      let below = tree.get(part);
      if (below === undefined) tree.set(part, (below = new Map()));
      if (typeof below === 'string') throw contradiction(name);
      tree = below;
    }
    const last = parts.at(-1) ?? '';
    if (tree.has(last)) throw contradiction(name);
    tree.set(last, value);
  }
  return root;
}

function contradiction(name: string): CloudError {
  return new CloudError('InvalidQueryParameter', `The parameter ${name} is given twice`);
}

/** The tree as plain data, for the effect log. */
export function plainParameters(tree: ParameterTree): Record<string, unknown> {
  const plain = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of tree) {
    plain[name] = typeof value === 'string' ? value : plainParameters(value);
  }
  return plain;
}
