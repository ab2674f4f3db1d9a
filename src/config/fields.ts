/** Single values that several tables of the configuration have. */
import { z } from 'zod';
import { DURATION_EXAMPLES, DURATION_PATTERN, parseDuration } from '../model/duration.js';
import { printable } from '../model/printable.js';
import { Duration } from './camel-case.js';

/** What the schema for editors says of a duration: its form, and its bounds in a keyword of our own. */
export const ALLOWED_KEYWORD = 'x-allowed';

/** A duration string; both bounds are allowed themselves. */
export function duration(min: string, max: string): z.ZodType<Duration, string> {
  const minMs = parseDuration(min) ?? Number.NaN;
  const maxMs = parseDuration(max) ?? Number.NaN;
  const form = z
    .string()
    .meta({ pattern: DURATION_PATTERN, [ALLOWED_KEYWORD]: `${min} to ${max}` });
  return form.transform((text, context) => {
    const ms = parseDuration(text);
    if (ms !== undefined && ms >= minMs && ms <= maxMs) return new Duration(ms);
    const message =
      ms === undefined
        ? `is not a duration; use ${DURATION_EXAMPLES}; allowed: ${min} to ${max}`
        : `is out of bounds; allowed: ${min} to ${max}`;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });
}

/** A text that people are shown: one that hides a character could show them another text than it is. */
export function seenText(): z.ZodString {
  return z
    .string()
    .min(1)
    .refine((text) => printable(text) === text, 'has a character that cannot be seen; remove it');
}

const REGION = '[a-z]{2,4}(?:-[a-z]{3,12}){1,2}-\\d{1,2}';

/** A region's name, as `us-east-1` or `us-gov-west-1`. */
export function region(): z.ZodString {
  const allowed = 'is not a region; allowed: a name such as "us-east-1"';
  return z.string().regex(new RegExp(`^${REGION}$`), allowed);
}

/** An availability zone's name, as `us-east-1a`. */
export function zone(): z.ZodString {
  const allowed = 'is not an availability zone; allowed: a name such as "us-east-1a"';
  return z.string().regex(new RegExp(`^${REGION}[a-z]$`), allowed);
}

/** A paravirtual kernel's id. */
export function kernelId(): z.ZodString {
  return z
    .string()
    .regex(
      /^aki-(?:[0-9a-f]{8}|[0-9a-f]{17})$/,
      'is not a kernel id; allowed: an id such as "aki-919dcaf8"',
    );
}

/** An AMI's id. */
export const AMI_ID = /^ami-(?:[0-9a-f]{8}|[0-9a-f]{17})$/;

/**
 * EC2's form for an AMI that an SSM parameter names, with a version or a label where one is given. SSM user guide,
 * "About requirements and constraints for parameter names".
 */
export const AMI_PARAMETER =
  /^resolve:ssm:\/?[\w.-]{1,200}(?:\/[\w.-]{1,200}){0,14}(?::[\w.-]{1,100})?$/;

/** Instance types without repetitions, to be tried in order. */
export function instanceTypes(): z.ZodArray<z.ZodString> {
  const item = z
    .string()
    .regex(
      /^[a-z][a-z0-9-]{0,15}\.[a-z0-9-]{1,15}$/,
      'is not an instance type; allowed: a name such as "c6i.large"',
    );
  return unique(item);
}

/** An instance profile, by name or by ARN. */
export function instanceProfile(): z.ZodString {
  return z
    .string()
    .regex(
      /^(?:arn:aws[a-z-]*:iam::\d{12}:instance-profile\/(?:[\x21-\x7e]{1,200}\/)?)?[\w+=,.@-]{1,128}$/,
      'is not an instance profile; allowed: its name or its ARN (arn:aws:iam::…:instance-profile/…)',
    );
}

/** The id of a subnet. */
export function subnet(): z.ZodString {
  return z
    .string()
    .regex(/^subnet-[0-9a-f]{8,17}$/, 'is not a subnet id; allowed: such as "subnet-0abc1234"');
}

/** The id of a security group. */
export function securityGroup(): z.ZodString {
  return z
    .string()
    .regex(/^sg-[0-9a-f]{8,17}$/, 'is not a security group id; allowed: such as "sg-0abc1234"');
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
