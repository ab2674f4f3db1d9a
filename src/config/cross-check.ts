/** Shared by checks over several keys, which run even where single keys are wrong. */

/** Lets a check run beside type errors, so that all problems are reported at once; its input is then unchecked. */
export const always = { when: (): boolean => true };

/** Whether a value is a table. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
