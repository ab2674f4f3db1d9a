/** Which search attributes the namespace of a connection has: starts set only these, and queries name only these. */

import type { Connection } from '@temporalio/client';
import type { SearchAttributePair } from '@temporalio/common';
import type { AttributeLook } from '../search-attributes.js';
import { attributeWarning, lookAtAttributes } from '../search-attributes.js';
import type { TemporalAccess } from './connection.js';

/** A listener or a dashboard runs for months, and an operator registers a missing one meanwhile. */
const LOOK_AGAIN_MS = 60_000;

interface Looked {
  readonly look: Promise<AttributeLook>;
  readonly atMs: number;
}

const looks = new WeakMap<TemporalAccess, Looked>();

/** Those that may be set at a start. Throws a `ClientError` when Temporal does not answer. */
export async function usablePairs(
  access: TemporalAccess,
  pairs: readonly SearchAttributePair[],
): Promise<SearchAttributePair[]> {
  const { usable } = await attributesOf(access);
  return pairs.filter(({ key }) => usable.includes(key.name));
}

/** Whether a query may name this attribute: Temporal refuses a query with one that the namespace lacks. */
export async function isUsable(
  access: TemporalAccess,
  { name }: { readonly name: string },
): Promise<boolean> {
  const { usable } = await attributesOf(access);
  return usable.includes(name);
}

/** What lists lack and how to mend it; undefined when the namespace has all attributes. */
export async function attributeNote(
  access: TemporalAccess,
): Promise<{ readonly message: string; readonly next: string } | undefined> {
  return attributeWarning(access.namespace, await attributesOf(access));
}

function attributesOf(access: TemporalAccess): Promise<AttributeLook> {
  const known = looks.get(access);
  if (known !== undefined && performance.now() - known.atMs < LOOK_AGAIN_MS) return known.look;
  const look = access.call(({ connection }) =>
    lookAtAttributes(connection as Connection, access.namespace),
  );
  looks.set(access, { look, atMs: performance.now() });
  // An answer that did not come is asked for again.
  look.catch(() => looks.delete(access));
  return look;
}
