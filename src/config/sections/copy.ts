/** `[copy]`: when the copies to other regions begin. */
import { z } from 'zod';
import { camelCased } from '../camel-case.js';

export const copySchema = z
  .strictObject({
    start: z
      .enum(['after-test', 'with-test'])
      .default('after-test')
      .describe(
        '"with-test" copies the snapshot while the test runs; other regions get AMIs only when the test has passed.',
      ),
  })
  .transform(camelCased)
  .describe('When the copies to other regions begin.');

/** When the copies to other regions begin. */
export type CopyConfig = z.output<typeof copySchema>;
