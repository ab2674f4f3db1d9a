/** Declares the parameters of an action and reads them with EC2's errors for what is missing, unknown or wrong. */

import { CloudError, invalidValue, missingParameter } from './errors.js';
import type { Parameter, ParameterTree } from './http/query-protocol.js';

/** Reads one parameter; `path` is its full name, for errors. */
export type Decoder<T> = (parameter: Parameter | undefined, path: string) => T;
export type Shape = Readonly<Record<string, Decoder<unknown>>>;
export type InputOf<S extends Shape> = { readonly [K in keyof S]: ReturnType<S[K]> };

function unknownParameter(path: string): CloudError {
  return new CloudError('UnknownParameter', `The parameter ${path} is not recognized`);
}

function textOf(parameter: Parameter | undefined, path: string): string | undefined {
  if (parameter === undefined || typeof parameter === 'string') return parameter;
  const [below] = parameter.keys();
  throw unknownParameter(`${path}.${below ?? ''}`);
}

export const text: Decoder<string | undefined> = textOf;

export const integer: Decoder<number | undefined> = (parameter, path) => {
  const value = textOf(parameter, path);
  if (value === undefined) return undefined;
  if (!/^-?\d{1,15}$/.test(value)) {
    throw invalidValue(`Value (${value}) for parameter ${path} is invalid. Must be an integer.`);
  }
  return Number(value);
};

export const flag: Decoder<boolean | undefined> = (parameter, path) => {
  const value = textOf(parameter, path);
  if (value === undefined) return undefined;
  const lower = value.toLowerCase();
  if (lower === 'true') return true;
  if (lower === 'false') return false;
  throw invalidValue(`Value (${value}) for parameter ${path} is invalid. Must be true or false.`);
};

/** ISO 8601 as the API's timestamps are. */
export const timestamp: Decoder<Date | undefined> = (parameter, path) => {
  const value = textOf(parameter, path);
  if (value === undefined) return undefined;
  const time = new Date(value);
  if (!/^\d{4}-\d\d-\d\dT/.test(value) || Number.isNaN(time.getTime())) {
    throw invalidValue(
      `Value (${value}) for parameter ${path} is invalid. Invalid date-time format.`,
    );
  }
  return time;
};

export function oneOf<T extends string>(...values: readonly T[]): Decoder<T | undefined> {
  return (parameter, path) => {
    const value = textOf(parameter, path);
    if (value === undefined) return undefined;
    const known = values.find((candidate) => candidate === value);
    if (known !== undefined) return known;
    throw invalidValue(
      `Value (${value}) for parameter ${path} is invalid. Valid values: ${values.join(', ')}`,
    );
  };
}

/** An absent or empty parameter is an error (EC2: MissingParameter). */
export function required<T>(decoder: Decoder<T>): Decoder<NonNullable<T>> {
  return (parameter, path) => {
    const value =
      parameter === undefined || parameter === '' ? undefined : decoder(parameter, path);
    if (value === undefined || value === null) throw missingParameter(path);
    return value;
  };
}

/** Numbered parameters `Name.1`, `Name.2`; absent is an empty list. */
export function list<T>(item: Decoder<T>): Decoder<NonNullable<T>[]> {
  return (parameter, path) => {
    if (parameter === undefined || parameter === '') return [];
    if (typeof parameter === 'string') throw unknownParameter(path);
    const numbered = [...parameter].map(([number, below]) => {
      if (!/^[1-9]\d{0,5}$/.test(number)) throw unknownParameter(`${path}.${number}`);
      return [Number(number), below] as const;
    });
    numbered.sort(([one], [other]) => one - other);
    return numbered.map(([number, below]) => required(item)(below, `${path}.${number}`));
  };
}

/** Parameters by name; one that is not in the shape is an error (EC2: UnknownParameter). */
export function structure<S extends Shape>(shape: S): Decoder<InputOf<S> | undefined> {
  return (parameter, path) => {
    if (parameter === undefined) return undefined;
    if (typeof parameter === 'string') throw unknownParameter(path);
    return readShape(shape, parameter, `${path}.`);
  };
}

export function readShape<S extends Shape>(shape: S, tree: ParameterTree, prefix = ''): InputOf<S> {
  for (const name of tree.keys()) {
    if (!Object.hasOwn(shape, name)) throw unknownParameter(`${prefix}${name}`);
  }
  const input: Record<string, unknown> = {};
  for (const [name, decoder] of Object.entries(shape)) {
    input[name] = decoder(tree.get(name), `${prefix}${name}`);
  }
  return input as InputOf<S>;
}

/** A documented parameter that has no effect here. */
export const ignored: Decoder<undefined> = () => undefined;
