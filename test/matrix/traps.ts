/** A trap at a call site holds the call or cuts it off, and reports that it did. */

import type { CallSite, SitePattern } from './call-site.js';
import { matchesSite, siteName } from './call-site.js';

export type TrapKind =
  /** The call is on its way and does not arrive until it is released. */
  | 'hold-before'
  /** The call has taken effect; its answer waits until it is released. */
  | 'hold-after'
  /** The connection breaks, without an effect. */
  | 'cut-before'
  /** The connection breaks behind the effect. */
  | 'cut-after'
  /** Another answer, without an effect. */
  | 'answer';

export interface TrapOptions {
  readonly kind: TrapKind;
  readonly at: SitePattern;
  /** The first matching call that is caught, from now on; 1 is the next. */
  readonly occurrence: number;
  /** How many are caught from there on. */
  readonly count: number;
  /** Of `answer`. */
  readonly status?: number;
}

export interface Trap {
  /** Resolves when the first call is caught; behind its effect where the kind says so. */
  readonly reached: Promise<void>;
  caught(): number;
  release(): void;
}

export interface SetTrap {
  readonly options: TrapOptions;
  readonly released: Promise<void>;
  reach(): void;
}

export class TrapSet {
  /** Every call that came, in order. */
  readonly calls: CallSite[] = [];
  readonly #counts = new Map<string, number>();
  readonly #traps: { trap: SetTrap; seen: number }[] = [];

  set(options: TrapOptions): Trap {
    let arrive = (): void => undefined;
    let release = (): void => undefined;
    let caught = 0;
    const reached = new Promise<void>((resolve) => (arrive = resolve));
    const released = new Promise<void>((resolve) => (release = resolve));
    const reach = (): void => {
      caught += 1;
      arrive();
    };
    this.#traps.push({ trap: { options, released, reach }, seen: 0 });
    return { reached, release, caught: () => caught };
  }

  /** Notes the call, and answers the trap that it runs into. */
  note(call: Omit<CallSite, 'occurrence'>): SetTrap | undefined {
    const key = siteName({ ...call, occurrence: 0 });
    const occurrence = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, occurrence);
    const site = { ...call, occurrence };
    this.calls.push(site);
    const hit = this.#traps.filter(({ trap }) => matchesSite(trap.options.at, site));
    for (const one of hit) one.seen += 1;
    return hit.find(({ trap: { options }, seen }) => {
      return seen >= options.occurrence && seen < options.occurrence + options.count;
    })?.trap;
  }
}
