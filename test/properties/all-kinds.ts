/** All that comes from outside, in one list; the quick suite and `npm run fuzz` share it out. */

import type { InputKind } from './input-kind.js';

type KindModule = Promise<{ readonly kinds: readonly InputKind[] }>;

/** Loaded one by one, so that a process that tries one kind holds the programs of no other. */
const MODULES = {
  composes: (): KindModule => import('./kinds/composes.js'),
  urls: (): KindModule => import('./kinds/urls.js'),
  names: (): KindModule => import('./kinds/names.js'),
  config: (): KindModule => import('./kinds/config.js'),
  legacy: (): KindModule => import('./kinds/legacy.js'),
  xz: (): KindModule => import('./kinds/xz.js'),
  guests: (): KindModule => import('./kinds/guests.js'),
  'simulator-api': (): KindModule => import('./kinds/simulator-api.js'),
  'simulator-control': (): KindModule => import('./kinds/simulator-control.js'),
  plan: (): KindModule => import('./kinds/plan.js'),
  commands: (): KindModule => import('./kinds/commands.js'),
} as const;
export type ModuleName = keyof typeof MODULES;

export interface Share {
  readonly module: ModuleName;
  readonly kind: InputKind;
  readonly inputs: number;
}

/** Every kind, and how many of the inputs it gets. */
export async function shares(inputs: number): Promise<Share[]> {
  const names = Object.keys(MODULES) as ModuleName[];
  const loaded = await Promise.all(
    names.map(async (module) => (await MODULES[module]()).kinds.map((kind) => ({ module, kind }))),
  );
  const all = loaded.flat();
  const total = all.reduce((sum, { kind }) => sum + kind.weight, 0);
  return all.map((one) => ({ ...one, inputs: Math.ceil((inputs * one.kind.weight) / total) }));
}

export async function kindOf(module: ModuleName, name: string): Promise<InputKind> {
  const { kinds } = await MODULES[module]();
  const kind = kinds.find((one) => one.name === name);
  if (kind === undefined) throw new TypeError(`${name} is not a kind`);
  return kind;
}
