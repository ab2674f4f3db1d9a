/** All that comes from outside, in one list; the quick suite and `npm run fuzz` share it out. */

import type { InputKind } from './input-kind.js';
import { composeKinds } from './kinds/composes.js';
import { configKinds } from './kinds/config.js';
import { guestKinds } from './kinds/guests.js';
import { nameKinds } from './kinds/names.js';
import { urlKinds } from './kinds/urls.js';
import { xzKinds } from './kinds/xz.js';

export const inputKinds: readonly InputKind[] = [
  ...composeKinds,
  ...urlKinds,
  ...nameKinds,
  ...configKinds,
  ...xzKinds,
  ...guestKinds,
];

/** How many of the inputs each kind gets. */
export function shares(inputs: number): ReadonlyMap<InputKind, number> {
  const total = inputKinds.reduce((sum, { weight }) => sum + weight, 0);
  return new Map(inputKinds.map((kind) => [kind, Math.ceil((inputs * kind.weight) / total)]));
}
