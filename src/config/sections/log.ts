/** `[log]`: how much the worker and the listener log, and where `fedimg logs` finds it. */
import { z } from 'zod';
import { LOG_LEVELS } from '../../model/log-level.js';
import { camelCased } from '../camel-case.js';

export const logSchema = z
  .strictObject({
    level: z.enum(LOG_LEVELS).default('info').describe('--log-level comes before it.'),
    file: z
      .string()
      .min(1)
      .optional()
      .describe('JSON lines are also appended to this file, which `fedimg logs` reads.'),
    journal_unit: z
      .string()
      .regex(/^[A-Za-z0-9:_.@-]{1,200}$/, 'is not the name of a systemd unit')
      .optional()
      .describe('systemd unit of the worker; `fedimg logs` reads its journal.'),
  })
  .transform(camelCased)
  .describe('The log of worker and listener.');

export type LogConfig = z.output<typeof logSchema>;
