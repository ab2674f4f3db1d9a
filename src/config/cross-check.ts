/** What checks over several keys share: they run even where single keys are wrong already. */

/** Lets a check run beside type errors, so that all problems come at once; its input is then unchecked. */
export const always = { when: (): boolean => true };

/** Whether a value has keys to look at. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
