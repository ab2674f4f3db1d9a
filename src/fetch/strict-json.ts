/** Untrusted JSON: bounded depth and number of values, unique keys, no key that reaches a prototype. */

/** Text that is not JSON, or JSON that is refused; `message` has the reason and the position. */
export class JsonError extends Error {
  override readonly name = 'JsonError';
}

export interface JsonBounds {
  depthMax: number;
  /** Of all values, keys aside. */
  valuesMax: number;
}

/** A pungi compose has about 20,000 values in its metadata, eight levels deep; a million objects take 230 MiB. */
export const DEFAULT_BOUNDS: JsonBounds = { depthMax: 32, valuesMax: 250_000 };

const SPACE = /[ \t\n\r]*/y;
const SCALAR = /-?(?:0|[1-9]\d{0,399})(?:\.\d{1,400})?(?:[eE][+-]?\d{1,4})?|true|false|null/y;

/** Parses JSON into values whose objects have no prototype. Throws `JsonError`. */
export function parseStrictJson(text: string, bounds: JsonBounds = DEFAULT_BOUNDS): unknown {
  const reader = new JsonReader(text, bounds);
  return reader.document();
}

class JsonReader {
  readonly #text: string;
  readonly #bounds: JsonBounds;
  #at = 0;
  #values = 0;

  constructor(text: string, bounds: JsonBounds) {
    this.#text = text;
    this.#bounds = bounds;
  }

  document(): unknown {
    const value = this.#value(1);
    this.#space();
    if (this.#at < this.#text.length) throw this.#error('continues after its end');
    return value;
  }

  #value(depth: number): unknown {
    if (depth > this.#bounds.depthMax) {
      throw this.#error(`is nested deeper than ${this.#bounds.depthMax} levels`);
    }
    this.#values += 1;
    if (this.#values > this.#bounds.valuesMax) {
      throw this.#error(`has more than ${this.#bounds.valuesMax} values`);
    }
    this.#space();
    const first = this.#text[this.#at];
    if (first === '{') return this.#object(depth);
    if (first === '[') return this.#array(depth);
    if (first === '"') return this.#string();
    const scalar = this.#match(SCALAR);
    if (scalar === '') throw this.#error('has no value');
    const value: unknown = JSON.parse(scalar);
    // JSON has no infinity, and parsers disagree on such numbers.
    if (typeof value === 'number' && !Number.isFinite(value)) {
      throw this.#error('has a number that is too large');
    }
    return value;
  }

  #object(depth: number): Record<string, unknown> {
    const object = Object.create(null) as Record<string, unknown>;
    this.#at += 1;
    if (this.#take('}')) return object;
    do {
      this.#space();
      if (this.#text[this.#at] !== '"') throw this.#error('has no key');
      const key = this.#string();
      if (key === '__proto__') throw this.#error('has the key __proto__');
      if (Object.hasOwn(object, key)) {
        throw this.#error(`has the key ${JSON.stringify(key.slice(0, 80))} twice`);
      }
      if (!this.#take(':')) throw this.#error('has no colon after a key');
      object[key] = this.#value(depth + 1);
    } while (this.#take(','));
    if (!this.#take('}')) throw this.#error('has an object that does not end');
    return object;
  }

  #array(depth: number): unknown[] {
    const array: unknown[] = [];
    this.#at += 1;
    if (this.#take(']')) return array;
    do array.push(this.#value(depth + 1));
    while (this.#take(','));
    if (!this.#take(']')) throw this.#error('has an array that does not end');
    return array;
  }

  #string(): string {
    const start = this.#at;
    let quote = start;
    do {
      quote = this.#text.indexOf('"', quote + 1);
      if (quote < 0) throw this.#error('has a string that does not end');
    } while (this.#isEscaped(quote, start));
    this.#at = quote + 1;
    try {
      return JSON.parse(this.#text.slice(start, this.#at)) as string;
    } catch {
      this.#at = start;
      throw this.#error('has a string with a control character or a wrong escape');
    }
  }

  #isEscaped(quote: number, start: number): boolean {
    let backslashes = 0;
    while (quote - 1 - backslashes > start && this.#text[quote - 1 - backslashes] === '\\') {
      backslashes += 1;
    }
    return backslashes % 2 === 1;
  }

  #take(mark: string): boolean {
    this.#space();
    if (this.#text[this.#at] !== mark) return false;
    this.#at += 1;
    return true;
  }

  #space(): void {
    this.#match(SPACE);
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }

  #error(problem: string): JsonError {
    return new JsonError(`${problem} (at character ${this.#at + 1})`);
  }
}
