/** Waiting for what a test expects, with a bound. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves as soon as `condition` holds; throws after `timeoutMs`. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 20_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not seen within ${timeoutMs} ms: ${what}`);
    await sleep(20);
  }
}
