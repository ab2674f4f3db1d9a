/** `[write]`: how an image becomes the first snapshot. */
import { z } from 'zod';
import { camelCased } from '../camel-case.js';

export const WRITE_STRATEGIES = ['instance', 'ebs-direct'] as const;

export const writeSchema = z
  .strictObject({
    strategy: z
      .enum(WRITE_STRATEGIES)
      .default('instance')
      .describe(
        '"instance": a utility instance writes a volume. "ebs-direct": the worker writes the snapshot itself.',
      ),
  })
  .transform(camelCased)
  .describe('How an image becomes the first snapshot.');

/** How an image becomes the first snapshot. */
export type WriteConfig = z.output<typeof writeSchema>;
