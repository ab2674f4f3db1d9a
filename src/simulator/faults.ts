/** Fault rules: which call, in which region, at which occurrence, and what goes wrong. */

import { globMatcher } from './glob.js';
import type { Random } from './random.js';
import type { Store } from './store.js';

export type FaultKind =
  /** Answers that the request rate is exceeded; no effect. */
  | 'throttle'
  /** Answers a server error (`code`, `status`; InternalError, 500); no effect. */
  | 'error'
  /** Cuts the connection; no effect. */
  | 'lost-request'
  /** Takes effect, then cuts the connection. */
  | 'lost-answer'
  /** What the call creates is not found for `forMs`. */
  | 'not-found'
  /** No capacity for instances or volumes. */
  | 'capacity'
  /** A quota of the account is used up. */
  | 'quota'
  /** Refuses with `code` (UnauthorizedOperation). */
  | 'refusal'
  /** Holds the request back for `delayMs`, then goes on. */
  | 'slow'
  /** The SSM agent of the instances that the call names or makes dies `delayMs` later. */
  | 'agent-death'
  /** The instances that the call names or makes are lost `delayMs` later. */
  | 'instance-loss'
  /** What the call creates ends in its failed state. */
  | 'fails-later'
  /** What the call creates stays pending for `forMs` more. */
  | 'stuck';

const kinds: readonly FaultKind[] = [
  'throttle',
  'error',
  'lost-request',
  'lost-answer',
  'not-found',
  'capacity',
  'quota',
  'refusal',
  'slow',
  'agent-death',
  'instance-loss',
  'fails-later',
  'stuck',
];

export interface FaultRule {
  readonly id: string;
  /** An API action, or `*`. */
  readonly action: string;
  /** A region, or `*`. */
  readonly region: string;
  readonly kind: FaultKind;
  /** The first matching call that is hit; 1 is the next one. */
  readonly occurrence: number;
  /** How many matching calls are hit from there on; 0 is all of them. */
  readonly count: number;
  /** Chance that a call that would be hit is hit, 0 to 1, drawn from the seed. */
  readonly probability: number;
  /** Only calls whose flat parameters have these values (`Filter.1.Name`, `InstanceIds`); `*` is a wildcard. */
  readonly where: Readonly<Record<string, string>>;
  /** Only calls that name this availability zone (or a subnet in it). */
  readonly zone?: string;
  readonly instanceType?: string;
  readonly code?: string;
  readonly message?: string;
  readonly status?: number;
  readonly delayMs: number;
  readonly forMs: number;
}

export interface FaultStatus extends FaultRule {
  /** Calls that matched so far. */
  seen: number;
  /** Calls that were hit so far. */
  fired: number;
}

export interface FaultCall {
  readonly action: string;
  readonly region: string;
  /** Parameters by their flat names. */
  readonly parameters: ReadonlyMap<string, string>;
  readonly zone: string | undefined;
}

export interface FaultBook {
  rules(): readonly FaultStatus[];
  /** Puts the rules in place of all earlier ones; throws FaultRuleError and changes nothing if one is wrong. */
  replace(rules: unknown): readonly FaultStatus[];
  /** Counts the call on every rule that matches it and answers those that hit it, in their order. */
  hits(call: FaultCall): FaultRule[];
}

export class FaultRuleError extends Error {
  override readonly name = 'FaultRuleError';
}

/** Opens the rules that the store has kept, with their counts. */
export function openFaultBook(store: Store, random: Random): FaultBook {
  const table = store.table<FaultStatus[]>('faults');
  let current = table.get('rules') ?? [];

  return {
    rules: () => current,
    replace: (rules) => {
      current = parseRules(rules);
      table.put('rules', current);
      return current;
    },
    hits: (call) => {
      const hits: FaultRule[] = [];
      for (const rule of current) {
        if (!matches(rule, call)) continue;
        rule.seen += 1;
        const inRange =
          rule.seen >= rule.occurrence &&
          (rule.count === 0 || rule.seen < rule.occurrence + rule.count);
        if (inRange && (rule.probability >= 1 || random.next() < rule.probability)) {
          rule.fired += 1;
          hits.push(rule);
        }
        table.put('rules', current);
      }
      return hits;
    },
  };
}

function matches(rule: FaultRule, call: FaultCall): boolean {
  if (rule.action !== '*' && rule.action !== call.action) return false;
  if (rule.region !== '*' && rule.region !== call.region) return false;
  if (rule.zone !== undefined && rule.zone !== call.zone) return false;
  const { instanceType } = rule;
  if (instanceType !== undefined && instanceType !== call.parameters.get('InstanceType'))
    return false;
  return Object.entries(rule.where).every(([name, wanted]) => {
    const value = call.parameters.get(name);
    return value !== undefined && globMatcher(wanted)(value);
  });
}

function parseRules(rules: unknown): FaultStatus[] {
  const listed =
    isRecord(rules) && Array.isArray(rules['rules']) ? (rules['rules'] as unknown) : rules;
  if (!Array.isArray(listed)) {
    throw new FaultRuleError('The body must be a JSON array of rules, or {"rules": [...]}.');
  }
  return listed.map((rule: unknown, index) => parseRule(rule, index));
}

function parseRule(rule: unknown, index: number): FaultStatus {
  const at = `rule ${index + 1}`;
  if (!isRecord(rule)) throw new FaultRuleError(`${at} must be an object.`);
  const text = (name: string): string | undefined => {
    const value = rule[name];
    if (value === undefined || typeof value === 'string') return value;
    throw new FaultRuleError(`${at}: ${name} must be a string.`);
  };
  const number = (name: string, otherwise: number): number => {
    const value = rule[name] ?? otherwise;
    if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value;
    throw new FaultRuleError(`${at}: ${name} must be a number from 0.`);
  };
  const unknown = Object.keys(rule).find((name) => !ruleKeys.has(name));
  if (unknown !== undefined) {
    throw new FaultRuleError(
      `${at}: ${unknown} is no key of a rule; keys: ${[...ruleKeys].join(', ')}.`,
    );
  }
  const kind = kinds.find((candidate) => candidate === rule['kind']);
  if (kind === undefined)
    throw new FaultRuleError(`${at}: kind must be one of ${kinds.join(', ')}.`);
  const action = text('action');
  if (action === undefined)
    throw new FaultRuleError(`${at}: action is missing; "*" is every action.`);
  const where = rule['where'] ?? {};
  if (!isRecord(where) || !Object.values(where).every((value) => typeof value === 'string')) {
    throw new FaultRuleError(`${at}: where must be an object of strings.`);
  }
  const optional = {
    zone: text('zone'),
    instanceType: text('instanceType'),
    code: text('code'),
    message: text('message'),
  };
  const given = Object.fromEntries(
    Object.entries(optional).filter(([, value]) => value !== undefined),
  );
  return {
    id: text('id') ?? `rule-${index + 1}`,
    action,
    region: text('region') ?? '*',
    kind,
    occurrence: Math.max(1, number('occurrence', 1)),
    count: number('count', 1),
    probability: number('probability', 1),
    where: where as Record<string, string>,
    ...given,
    ...(rule['status'] === undefined ? {} : { status: number('status', 500) }),
    delayMs: number('delayMs', kind === 'slow' ? 5000 : 0),
    forMs: number('forMs', 5000),
    seen: 0,
    fired: 0,
  };
}

const ruleKeys = new Set([
  'id',
  'action',
  'region',
  'kind',
  'occurrence',
  'count',
  'probability',
  'where',
  'zone',
  'instanceType',
  'code',
  'message',
  'status',
  'delayMs',
  'forMs',
  // What GET shows may be sent back.
  'seen',
  'fired',
]);

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
