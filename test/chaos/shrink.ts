/** From a schedule that fails to the fewest faults of it that still do. */

import type { Schedule } from './schedule.js';

/**
 * Leaves out one fault after the other, from the first again after each success: schedules have six at most.
 * `fails` is asked once or more for each fault; the schedule that is given must fail.
 */
export async function shrink(
  schedule: Schedule,
  fails: (smaller: Schedule) => Promise<boolean>,
): Promise<Schedule> {
  let smallest = schedule;
  for (let index = 0; index < smallest.faults.length;) {
    const faults = smallest.faults.filter((_fault, at) => at !== index);
    const smaller = { ...smallest, faults };
    if (faults.length > 0 && (await fails(smaller))) {
      smallest = smaller;
      index = 0;
    } else index += 1;
  }
  return smallest;
}
