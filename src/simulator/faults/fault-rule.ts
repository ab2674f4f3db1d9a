/** Fault rules: their kinds, their keys, and how they are checked. */

import { z } from 'zod';

export const faultKinds = [
  /** Answers that the request rate is exceeded; no effect. */
  'throttle',
  /** Answers a server error (`code`, `status`; InternalError, 500); no effect. */
  'error',
  /** Cuts the connection; no effect. */
  'lost-request',
  /** Takes effect, then cuts the connection. */
  'lost-answer',
  /** No effect and no answer until the caller disconnects; with `delayMs` it cuts the connection then. */
  'hang-request',
  /** Takes effect, then behaves as `hang-request`. */
  'hang-answer',
  /** What the call creates is not found for `forMs`. */
  'not-found',
  /** What the call creates is found by its id, but missing from listings, for `forMs`. */
  'stale-list',
  /** What the call creates has no tags for `forMs`. */
  'stale-tags',
  /** What the call changes or deletes is shown as before for `forMs`. */
  'stale-read',
  /** The images that the call deregisters are listed as `deregistered` for `forMs`. */
  'late-end',
  /** No capacity for instances or volumes. */
  'capacity',
  /** A quota of the account is used up. */
  'quota',
  /** Refuses with `code` (UnauthorizedOperation). */
  'refusal',
  /** Refuses the caller's keys as unknown: they were deleted, or are new and not everywhere yet; no effect. */
  'unknown-key',
  /** Refuses the caller's session token as expired; no effect. */
  'expired-session',
  /** Holds the request back for `delayMs`, then goes on. */
  'slow',
  /** The SSM agent of the instances that the call names or makes dies `delayMs` later. */
  'agent-death',
  /** The instances that the call names or makes are lost `delayMs` later; `code` and `message` are the state reason. */
  'instance-loss',
  /** The volumes, snapshots and images that the call names or makes are deleted `delayMs` later; instances are lost. */
  'removal',
  /** What the call creates ends in its failed state. */
  'fails-later',
  /** What the call creates stays pending for `forMs` more. */
  'stuck',
] as const;

export type FaultKind = (typeof faultKinds)[number];

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
  /** Only calls whose flat parameters have these values (`Filter.1.Name`, `InstanceIds.1`); `*` is a wildcard. */
  readonly where: Readonly<Record<string, string>>;
  /** Only calls of senders whose User-Agent is like this; `*` is a wildcard. */
  readonly userAgent?: string;
  /** Only calls that name this availability zone (or a subnet in it). */
  readonly zone?: string;
  readonly instanceType?: string;
  readonly code?: string;
  readonly message?: string;
  readonly status?: number;
  readonly delayMs: number;
  readonly forMs: number;
  /** The rule ends this long after the first call that it has hit: for a region that is dead for a while. */
  readonly lastsMs?: number;
}

export interface FaultStatus extends FaultRule {
  /** Calls that matched so far. */
  seen: number;
  /** Calls that were hit so far. */
  fired: number;
  /** When the first call was hit, in milliseconds since the epoch. */
  firstAt?: number;
}

export class FaultRuleError extends Error {
  override readonly name = 'FaultRuleError';
}

const amount = z.number().min(0);
const ruleSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[\w.:-]{1,100}$/, 'must be 1 to 100 letters, digits, ".", ":", "_" or "-"')
    .optional(),
  action: z.string({ error: 'is missing; "*" is every action' }),
  region: z.string().default('*'),
  kind: z.enum(faultKinds),
  occurrence: amount.default(1),
  count: amount.default(1),
  probability: amount.default(1),
  where: z.record(z.string(), z.string()).default({}),
  userAgent: z.string().optional(),
  zone: z.string().optional(),
  instanceType: z.string().optional(),
  code: z.string().optional(),
  message: z.string().optional(),
  status: amount.optional(),
  delayMs: amount.optional(),
  forMs: amount.default(5000),
  lastsMs: amount.optional(),
  // What GET shows may be sent back.
  seen: amount.optional(),
  fired: amount.optional(),
  firstAt: amount.optional(),
});

/** Names of all keys of a rule, its counts included. */
export const faultRuleKeys: readonly string[] = Object.keys(ruleSchema.shape);

const slowMs = 5000;

/**
 * Reads an array of rules, `{"rules": [...]}`, or one rule. Throws FaultRuleError.
 * @param taken ids that are in use, which rules without an id avoid
 */
export function parseRules(body: unknown, taken: ReadonlySet<string> = new Set()): FaultStatus[] {
  const ids = new Set(taken);
  return listed(body).map((rule, index) => {
    const parsed = ruleSchema.safeParse(rule);
    if (!parsed.success) {
      throw new FaultRuleError(
        `rule ${index + 1}: ${z.prettifyError(parsed.error)}. Keys: ${faultRuleKeys.join(', ')}.`,
      );
    }
    let number = index + 1;
    while (ids.has(`rule-${number}`)) number += 1;
    const given = parsed.data;
    const { id = `rule-${number}` } = given;
    ids.add(id);
    const present = Object.fromEntries(
      Object.entries(given).filter(([, value]) => value !== undefined),
    ) as Omit<FaultRule, 'id' | 'delayMs'>;
    return {
      delayMs: given.kind === 'slow' ? slowMs : 0,
      ...present,
      id,
      occurrence: Math.max(1, given.occurrence),
      seen: 0,
      fired: 0,
    };
  });
}

function listed(body: unknown): readonly unknown[] {
  if (Array.isArray(body)) return body as unknown[];
  if (typeof body === 'object' && body !== null) {
    if ('rules' in body && Array.isArray(body.rules)) return body.rules as unknown[];
    if ('kind' in body) return [body];
  }
  throw new FaultRuleError('The body must be a rule, a JSON array of rules, or {"rules": [...]}.');
}
