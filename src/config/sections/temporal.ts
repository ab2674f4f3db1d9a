/** `[temporal]`: how values are stored in Temporal. Its connection comes from Temporal's own variables and profiles. */
import { z } from 'zod';
import { camelCased } from '../camel-case.js';

export const temporalSchema = z
  .strictObject({
    codec: z
      .string()
      .min(1, 'is empty; name the module, or leave the key out')
      .optional()
      .describe(
        'JavaScript module that encodes and decodes what Temporal stores; see docs/temporal.md.',
      ),
  })
  .transform(camelCased)
  .describe('How values are stored in Temporal.');

/** How values are stored in Temporal. */
export type TemporalConfig = z.output<typeof temporalSchema>;
