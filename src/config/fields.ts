/** Grammars of single values that several tables of the configuration use. */
import { z } from 'zod';

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Milliseconds of a duration such as `90s`, `1h30m` or `500ms`; `undefined` when it is none. */
export function parseDuration(text: string): number | undefined {
  if (text.length > 20 || !/^(?:\d+(?:ms|s|m|h|d))+$/.test(text)) return undefined;
  let totalMs = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)(ms|s|m|h|d)/g)) {
    totalMs += Number(count) * (UNIT_MS[unit ?? ''] ?? Number.NaN);
  }
  return Number.isSafeInteger(totalMs) ? totalMs : undefined;
}

/** A duration string that becomes milliseconds; both bounds are allowed themselves. */
export function duration(min: string, max: string): z.ZodType<number, string> {
  const minMs = parseDuration(min) ?? Number.NaN;
  const maxMs = parseDuration(max) ?? Number.NaN;
  const allowed = `allowed: ${min} to ${max}, written as "90s", "30m", "2h" or "1h30m"`;
  return z.string().transform((text, context) => {
    const ms = parseDuration(text);
    if (ms === undefined || ms < minMs || ms > maxMs) {
      const what = ms === undefined ? 'is no duration' : 'is out of bounds';
      context.addIssue({ code: 'custom', message: `${what}; ${allowed}` });
      return z.NEVER;
    }
    return ms;
  });
}

function matching(pattern: RegExp, error: string): z.ZodString {
  return z.string().regex(pattern, { error });
}

/** A region's name, as `us-east-1` or `us-gov-west-1`. */
export function region(): z.ZodString {
  return matching(
    /^[a-z]{2,4}(?:-[a-z]{3,12}){1,2}-\d{1,2}$/,
    'is no region; allowed: a name such as "us-east-1"',
  );
}

/** A paravirtual kernel's id. */
export function kernelId(): z.ZodString {
  return matching(
    /^aki-(?:[0-9a-f]{8}|[0-9a-f]{17})$/,
    'is no kernel; allowed: an id such as "aki-919dcaf8"',
  );
}

/** An instance type, as `c6i.large`. */
export function instanceType(): z.ZodString {
  return matching(
    /^[a-z][a-z0-9-]{0,15}\.[a-z0-9-]{1,15}$/,
    'is no instance type; allowed: a name such as "c6i.large"',
  );
}

/** An instance profile, by name or by ARN. */
export function instanceProfile(): z.ZodString {
  return matching(
    /^(?:arn:aws[a-z-]*:iam::\d{12}:instance-profile\/(?:[\x21-\x7e]{1,200}\/)?)?[\w+=,.@-]{1,128}$/,
    'is no instance profile; allowed: its name or its ARN (arn:aws:iam::…:instance-profile/…)',
  );
}

/** A list without repetitions. */
export function unique<T extends z.ZodType>(item: T): z.ZodArray<T> {
  return z.array(item).superRefine((items: unknown[], context) => {
    items.forEach((value, index) => {
      if (items.indexOf(value) < index) {
        context.addIssue({
          code: 'custom',
          path: [index],
          message: `repeats ${JSON.stringify(value)}; name it once`,
        });
      }
    });
  });
}
