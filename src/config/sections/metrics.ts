/** `[metrics]`: where Prometheus reads, and how often the worker looks at the deployment. */
import { z } from 'zod';
import { LISTEN_ADDRESS_EXAMPLES, parseListenAddress } from '../../model/listen-address.js';
import { camelCased } from '../camel-case.js';
import { duration } from '../fields.js';

const address = z
  .string()
  .refine(
    (text) => parseListenAddress(text) !== undefined,
    `is not an address to listen at; allowed: ${LISTEN_ADDRESS_EXAMPLES}`,
  );

export const metricsSchema = z
  .strictObject({
    worker: address.optional().describe('Where `fedimg worker` serves /metrics.'),
    listener: address.optional().describe('Where `fedimg listen` serves /metrics.'),
    look_every: duration('1s', '1h')
      .prefault('1m')
      .describe('Between two looks of the worker at the runs in Temporal.'),
    check_every: duration('1s', '7d')
      .prefault('1h')
      .describe('Between two checks that published AMIs are still public, and of the quotas.'),
    checked_composes: z
      .int()
      .min(0)
      .max(100)
      .default(3)
      .describe('How many of the newest published composes that check looks at.'),
  })
  .transform(camelCased)
  .describe('Metrics for Prometheus.');

export type MetricsConfig = z.output<typeof metricsSchema>;
