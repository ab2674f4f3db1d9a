/** The fault rules that are in force: which calls they hit, and how often they were seen and fired. */

import type { FaultRule, FaultStatus } from './fault-rule.js';
import { FaultRuleError, parseRules } from './fault-rule.js';
import { globMatcher } from './glob.js';
import type { Random } from '../random.js';
import type { Store } from '../store/store.js';

export type { FaultKind, FaultRule, FaultStatus } from './fault-rule.js';

export interface FaultCall {
  readonly action: string;
  readonly region: string;
  /** Parameters by their flat names. */
  readonly parameters: ReadonlyMap<string, string>;
  readonly zone: string | undefined;
  readonly userAgent: string;
}

export interface FaultBook {
  rules(): readonly FaultStatus[];
  /** Puts the rules in place of all earlier ones; if one is wrong it throws FaultRuleError and keeps the earlier ones. */
  replace(rules: unknown): readonly FaultStatus[];
  /** Adds rules behind those that are there, which keep their counts; an id that is in use is refused. */
  add(rules: unknown): readonly FaultStatus[];
  /** Removes the rule and answers it with its counts; undefined for an unknown id. */
  remove(id: string): FaultStatus | undefined;
  /** Counts the call on every rule that matches it and answers those that hit it, in their order. */
  hits(call: FaultCall): FaultRule[];
  /** The call has shown no effect of these rules, because it failed or changed nothing: they wait for the next call. */
  takeBack(rules: readonly FaultRule[]): void;
}

/** Opens the rules that the store has kept, with their counts. */
export function openFaultBook(store: Store, random: Random, now: () => number): FaultBook {
  const table = store.table<FaultStatus[]>('faults');
  let current = table.get('rules') ?? [];
  const keep = (rules: FaultStatus[]): void => {
    current = rules;
    table.put('rules', current);
  };

  return {
    rules: () => current,
    replace: (rules) => {
      keep(parseRules(rules));
      return current;
    },
    add: (rules) => {
      const taken = new Set(current.map(({ id }) => id));
      const added = parseRules(rules, taken);
      const known = added.find(({ id }) => taken.has(id));
      if (known !== undefined) {
        throw new FaultRuleError(
          `The rule ${known.id} exists already; DELETE it first, or choose another id.`,
        );
      }
      keep([...current, ...added]);
      return added;
    },
    remove: (id) => {
      const removed = current.find((rule) => rule.id === id);
      if (removed !== undefined) keep(current.filter((rule) => rule.id !== id));
      return removed;
    },
    hits: (call) => {
      const hits: FaultRule[] = [];
      for (const rule of current) {
        if (!matches(rule, call)) continue;
        if (rule.lastsMs !== undefined && now() > (rule.firstAt ?? now()) + rule.lastsMs) continue;
        rule.seen += 1;
        const inRange =
          rule.seen >= rule.occurrence &&
          (rule.count === 0 || rule.seen < rule.occurrence + rule.count);
        if (inRange && (rule.probability >= 1 || random.next() < rule.probability)) {
          rule.fired += 1;
          rule.firstAt ??= now();
          hits.push(rule);
        }
        table.put('rules', current);
      }
      return hits;
    },
    takeBack: (rules) => {
      for (const rule of current) {
        if (!rules.includes(rule)) continue;
        rule.seen -= 1;
        rule.fired -= 1;
        if (rule.fired === 0) delete rule.firstAt;
        table.put('rules', current);
      }
    },
  };
}

function matches(rule: FaultRule, call: FaultCall): boolean {
  if (rule.action !== '*' && rule.action !== call.action) return false;
  if (rule.region !== '*' && rule.region !== call.region) return false;
  if (rule.zone !== undefined && rule.zone !== call.zone) return false;
  const { instanceType, userAgent } = rule;
  if (instanceType !== undefined && instanceType !== call.parameters.get('InstanceType'))
    return false;
  if (userAgent !== undefined && !globMatcher(userAgent)(call.userAgent)) return false;
  return Object.entries(rule.where).every(([name, wanted]) => {
    const value = call.parameters.get(name);
    return value !== undefined && globMatcher(wanted)(value);
  });
}
