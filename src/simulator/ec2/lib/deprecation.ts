/** When an image is deprecated. */

import { invalidValue } from '../../errors.js';
import type { ImageRecord } from '../../store/state.js';
import type { Call } from './action.js';
import { isPublic } from './image-state.js';

const yearsMax = 10;

/** EC2 API reference, EnableImageDeprecation: DeprecateAt; rounded to the minute. */
export function checkDeprecation(call: Call, image: ImageRecord, at: Date): string {
  const now = call.cloud.clock.now();
  if (at.getTime() < now) {
    throw invalidValue(
      `Value (${at.toISOString()}) for parameter deprecateAt is invalid. It is in the past.`,
    );
  }
  const latest = isPublic(image)
    ? yearsAfter(image.createdAt, publicYearsMax)
    : yearsAfter(now, yearsMax);
  if (at.getTime() > latest) {
    throw invalidValue(
      `Value (${at.toISOString()}) for parameter deprecateAt is invalid. The latest is ${new Date(latest).toISOString()}.`,
    );
  }
  const minuteMs = 60_000;
  return new Date(Math.round(at.getTime() / minuteMs) * minuteMs).toISOString();
}

/** Public images are deprecated two years after their creation by default (EC2 user guide, "Deprecate an AMI"). */
export function defaultDeprecation(image: ImageRecord): string {
  return new Date(yearsAfter(image.createdAt, publicYearsMax)).toISOString();
}

function yearsAfter(time: number, years: number): number {
  const date = new Date(time);
  date.setUTCFullYear(date.getUTCFullYear() + years);
  return date.getTime();
}

const publicYearsMax = 2;
