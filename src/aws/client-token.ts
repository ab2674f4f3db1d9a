/** Client tokens: the same act has the same token in every attempt. */

import { createHash } from 'node:crypto';

/** 64 hexadecimal digits, the longest token that EC2 takes (EC2 developer guide: ec2-api-idempotency). */
export function clientToken(...parts: readonly (string | number)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
