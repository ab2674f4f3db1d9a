/** Reads the members of a JSON 1.1 request, with the errors that AWS's own front end gives. */

import { CloudError } from './errors.js';

type Json = Readonly<Record<string, unknown>>;

export interface TextLimits {
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: RegExp;
  readonly oneOf?: readonly string[];
}

export interface NumberLimits {
  readonly min?: number;
  readonly max?: number;
}

function serializationError(message: string): CloudError {
  return new CloudError('SerializationException', message);
}

export function validationError(message: string): CloudError {
  return new CloudError('ValidationException', message);
}

/**
 * One structure of a request. A member of the wrong type is a SerializationException at once; broken
 * constraints are collected, and `check` throws them together, as AWS reports them. Members that are not
 * in the model are ignored, as AWS does.
 */
export class Members {
  readonly #json: Json;
  readonly #path: string;
  readonly #broken: string[];

  static of(body: unknown): Members {
    if (body === undefined || body === null || body === '') return new Members({}, '', []);
    return new Members(objectOf(body, ''), '', []);
  }

  private constructor(json: Json, path: string, broken: string[]) {
    this.#json = json;
    this.#path = path;
    this.#broken = broken;
  }

  /** Throws all constraints that were broken so far as one ValidationException. */
  check(): void {
    const count = this.#broken.length;
    if (count === 0) return;
    const noun = count === 1 ? 'error' : 'errors';
    throw validationError(`${count} validation ${noun} detected: ${this.#broken.join('; ')}`);
  }

  text(name: string, limits: TextLimits = {}): string | undefined {
    const value = this.#member(name);
    return value === undefined ? undefined : this.#textAt(value, this.#at(name), limits);
  }

  requiredText(name: string, limits: TextLimits = {}): string {
    if (this.#member(name) === undefined) this.#missing(name);
    return this.text(name, limits) ?? '';
  }

  integer(name: string, limits: NumberLimits = {}): number | undefined {
    const value = this.#member(name);
    if (value === undefined) return undefined;
    if (typeof value !== 'number') {
      throw serializationError(`${kindOf(value)} can not be converted to an Integer`);
    }
    const whole = Math.trunc(value);
    if (limits.min !== undefined && whole < limits.min) {
      this.#break(whole, name, `Member must have value greater than or equal to ${limits.min}`);
    }
    if (limits.max !== undefined && whole > limits.max) {
      this.#break(whole, name, `Member must have value less than or equal to ${limits.max}`);
    }
    return whole;
  }

  /** A Double, with its fraction. */
  requiredNumber(name: string, limits: NumberLimits = {}): number {
    const value = this.#member(name);
    if (value === undefined) {
      this.#missing(name);
      return 0;
    }
    if (typeof value !== 'number') {
      throw serializationError(`${kindOf(value)} can not be converted to a Double`);
    }
    if (limits.min !== undefined && value < limits.min) {
      this.#break(value, name, `Member must have value greater than or equal to ${limits.min}`);
    }
    if (limits.max !== undefined && value > limits.max) {
      this.#break(value, name, `Member must have value less than or equal to ${limits.max}`);
    }
    return value;
  }

  flag(name: string): boolean | undefined {
    const value = this.#member(name);
    if (value === undefined) return undefined;
    if (typeof value !== 'boolean') {
      throw serializationError(`${kindOf(value)} can not be converted to a Boolean`);
    }
    return value;
  }

  texts(name: string, count: NumberLimits = {}, limits: TextLimits = {}): string[] | undefined {
    const items = this.#list(name, count);
    return items?.map((item, index) =>
      this.#textAt(item, `${this.#at(name)}.${index + 1}.member`, limits),
    );
  }

  structures(name: string, count: NumberLimits = {}): Members[] | undefined {
    const items = this.#list(name, count);
    return items?.map((item, index) => {
      const path = `${this.#at(name)}.${index + 1}.member`;
      return new Members(objectOf(item, path), `${path}.`, this.#broken);
    });
  }

  structure(name: string): Members | undefined {
    const value = this.#member(name);
    if (value === undefined) return undefined;
    const path = this.#at(name);
    return new Members(objectOf(value, path), `${path}.`, this.#broken);
  }

  names(): string[] {
    return Object.keys(this.#json);
  }

  /** The structure as it came, for what is only kept. */
  raw(name: string): unknown {
    return this.#member(name);
  }

  #list(name: string, count: NumberLimits): unknown[] | undefined {
    const value = this.#member(name);
    if (value === undefined) return undefined;
    if (!Array.isArray(value)) throw serializationError(`Unexpected field type: ${kindOf(value)}`);
    const items = value as unknown[];
    const shown = `[${items.map(shownItem).join(', ')}]`;
    if (count.min !== undefined && items.length < count.min) {
      this.#break(shown, name, `Member must have length greater than or equal to ${count.min}`);
    }
    if (count.max !== undefined && items.length > count.max) {
      this.#break(shown, name, `Member must have length less than or equal to ${count.max}`);
    }
    return items;
  }

  #member(name: string): unknown {
    return Object.hasOwn(this.#json, name) ? (this.#json[name] ?? undefined) : undefined;
  }

  /** AWS writes members with a small first letter in these messages. */
  #at(name: string): string {
    return `${this.#path}${name.charAt(0).toLowerCase()}${name.slice(1)}`;
  }

  #missing(name: string): void {
    this.#broken.push(
      `Value null at '${this.#at(name)}' failed to satisfy constraint: Member must not be null`,
    );
  }

  #break(value: string | number, name: string, constraint: string): void {
    this.#breakAt(value, this.#at(name), constraint);
  }

  #breakAt(value: string | number, path: string, constraint: string): void {
    const shown = String(value).slice(0, 200);
    this.#broken.push(`Value '${shown}' at '${path}' failed to satisfy constraint: ${constraint}`);
  }

  #textAt(value: unknown, path: string, limits: TextLimits): string {
    if (typeof value !== 'string') {
      throw serializationError(`${kindOf(value)} can not be converted to a String`);
    }
    const broken = (constraint: string): void => this.#breakAt(value, path, constraint);
    if (limits.min !== undefined && value.length < limits.min) {
      broken(`Member must have length greater than or equal to ${limits.min}`);
    }
    if (limits.max !== undefined && value.length > limits.max) {
      broken(`Member must have length less than or equal to ${limits.max}`);
    }
    if (limits.pattern !== undefined && !limits.pattern.test(value)) {
      broken(`Member must satisfy regular expression pattern: ${limits.pattern.source}`);
    }
    if (limits.oneOf !== undefined && !limits.oneOf.includes(value)) {
      broken(`Member must satisfy enum value set: [${limits.oneOf.join(', ')}]`);
    }
    return value;
  }
}

function objectOf(value: unknown, path: string): Json {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  const where = path === '' ? 'Start of structure or map found where not expected' : path;
  throw serializationError(`${kindOf(value)}: ${where}`);
}

/** A structure with a member `toString` cannot be converted to text. */
function shownItem(item: unknown): string {
  return typeof item === 'string' ? item : JSON.stringify(item);
}

function kindOf(value: unknown): string {
  if (typeof value === 'string') return 'STRING_VALUE';
  if (typeof value === 'number') return 'NUMBER_VALUE';
  if (typeof value === 'boolean') return value ? 'TRUE_VALUE' : 'FALSE_VALUE';
  return Array.isArray(value) ? 'START_ARRAY' : 'START_OBJECT';
}
