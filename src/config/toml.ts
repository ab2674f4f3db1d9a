/** TOML with the place of every key, so that a problem is reported with its line. */
import { ParseError, parseTOML, type AST } from 'toml-eslint-parser';

export interface Place {
  /** From 1. */
  line: number;
  /** From 1. */
  column: number;
}

/** A parsed file. Tables are objects without a prototype. */
export interface TomlDocument {
  value: Record<string, unknown>;
  /** Where a path stands: its key, or that of the nearest table around it. */
  placeOf: (path: readonly PropertyKey[]) => Place;
}

/** TOML that cannot be read. */
export class TomlError extends Error {
  override readonly name = 'TomlError';
  readonly place: Place;

  constructor(message: string, place: Place) {
    super(message);
    this.place = place;
  }
}

/** Parses TOML 1.0. Throws `TomlError`, at the first error. */
export function parseToml(text: string): TomlDocument {
  const [table] = parse(text).body;
  const places = new Places();
  const value = emptyTable();
  for (const node of table.body) {
    if (node.type === 'TOMLKeyValue') {
      addKeyValue(node, value, [], places);
      continue;
    }
    const inner = openTable(value, node.resolvedKey, placeOfNode(node.key), places);
    for (const pair of node.body) addKeyValue(pair, inner, node.resolvedKey, places);
  }
  const placeOf = (path: readonly PropertyKey[]): Place => {
    for (let length = path.length; length > 0; length -= 1) {
      const place = places.get(path.slice(0, length));
      if (place) return place;
    }
    return { line: 1, column: 1 };
  };
  return { value, placeOf };
}

/** A configuration has three levels; the parser would run out of stack, or take for ever. */
const LEVELS_MAX = 20;

/** Counts brackets and the dots of keys outside of strings and comments. Throws `TomlError`. */
function refuseDepth(text: string): void {
  const bare = text.replace(STRING_OR_COMMENT, (match) => match.replace(/[^\n]+/g, ''));
  let depth = 0;
  let dots = 0;
  let line = 1;
  for (const character of bare) {
    if (character === '\n') line += 1;
    if (character === '[' || character === '{') depth += 1;
    else if ((character === ']' || character === '}') && depth > 0) depth -= 1;
    if (character === '.') dots += 1;
    else if (',=[]{}\n'.includes(character)) dots = 0;
    if (depth > LEVELS_MAX || dots > LEVELS_MAX) {
      throw new TomlError(`Nested deeper than ${LEVELS_MAX} levels`, { line, column: 1 });
    }
  }
}

const STRING_OR_COMMENT = /"""[^]*?"""|'''[^]*?'''|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|#[^\n]*/g;

function parse(text: string): AST.TOMLProgram {
  refuseDepth(text);
  try {
    return parseTOML(text, { tomlVersion: '1.0' });
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    throw new TomlError(error.message, { line: error.lineNumber, column: error.column + 1 });
  }
}

interface PlaceNode {
  place?: Place;
  below?: Map<string, PlaceNode>;
}

/** Places by path, as a tree: whole paths for each item of a long list would fill the memory. */
class Places {
  readonly #root: PlaceNode = {};

  set(path: readonly PropertyKey[], place: Place): void {
    let node = this.#root;
    for (const part of path) {
      node.below ??= new Map();
      let next = node.below.get(String(part));
      if (next === undefined) node.below.set(String(part), (next = {}));
      node = next;
    }
    node.place = place;
  }

  get(path: readonly PropertyKey[]): Place | undefined {
    let node: PlaceNode | undefined = this.#root;
    for (const part of path) node = node?.below?.get(String(part));
    return node?.place;
  }
}

type Table = Record<string, unknown>;
type Path = readonly (string | number)[];

function emptyTable(): Table {
  return Object.create(null) as Table;
}

function placeOfNode(node: AST.TOMLNode): Place {
  return { line: node.loc.start.line, column: node.loc.start.column + 1 };
}

/** The table at a path, made where it is missing; the parser has already refused contradictions. */
function openTable(root: Table, path: Path, place: Place, places: Places): Table {
  let at: unknown = root;
  path.forEach((key, index) => {
    const container = at as Record<string | number, unknown>;
    container[key] ??= typeof path[index + 1] === 'number' ? [] : emptyTable();
    at = container[key];
    const name = path.slice(0, index + 1);
    if (places.get(name) === undefined) places.set(name, place);
  });
  return at as Table;
}

function addKeyValue(node: AST.TOMLKeyValue, table: Table, base: Path, places: Places): void {
  const names = node.key.keys.map((key) => (key.type === 'TOMLBare' ? key.name : key.value));
  const place = placeOfNode(node.key);
  const last = names.at(-1) ?? '';
  let at = table;
  names.slice(0, -1).forEach((name, index) => {
    at[name] ??= emptyTable();
    at = at[name] as Table;
    places.set([...base, ...names.slice(0, index + 1)], place);
  });
  const path = [...base, ...names];
  places.set(path, place);
  at[last] = contentOf(node.value, path, places);
}

function contentOf(node: AST.TOMLContentNode, path: Path, places: Places): unknown {
  if (node.type === 'TOMLValue') return node.value;
  if (node.type === 'TOMLArray') {
    return node.elements.map((element, index) => {
      places.set([...path, index], placeOfNode(element));
      return contentOf(element, [...path, index], places);
    });
  }
  const table = emptyTable();
  for (const pair of node.body) addKeyValue(pair, table, path, places);
  return table;
}
