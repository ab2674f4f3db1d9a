/** `[composes]`: which images of a compose are published. */
import { z } from 'zod';
import { ARCHES, COMPOSE_TYPES } from '../../model/compose/compose.js';
import { camelCased } from '../camel-case.js';
import { duration, unique } from '../fields.js';

const subvariant = z
  .string()
  .regex(
    /^[A-Za-z][A-Za-z0-9_]{0,63}$/,
    'is not a subvariant; allowed: a name such as "Cloud_Base"',
  );

const product = z
  .string()
  .regex(
    /^[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*$/,
    'is not the short name of a product; allowed: the beginning of a compose id, such as "Fedora-Cloud"',
  );

export const composesSchema = z
  .strictObject({
    /** Exact: `Cloud_Base` does not match `Cloud_Base_UKI`. */
    subvariants: unique(subvariant)
      .min(1)
      .default(['Cloud_Base'])
      .describe('Subvariants, matched exactly.'),
    types: unique(z.enum(['raw-xz']))
      .min(1)
      .default(['raw-xz'])
      .describe('Image types; only "raw-xz" can be written to a volume.'),
    arches: unique(z.enum(ARCHES))
      .min(1)
      .default([...ARCHES])
      .describe('Architectures; each image gets a run of its own.'),
    products: unique(product)
      .min(1)
      .default(['Fedora', 'Fedora-Cloud'])
      .describe('`fedimg listen` publishes composes whose ids begin with one of these.'),
    compose_types: unique(z.enum(COMPOSE_TYPES))
      .min(1)
      .default(['production', 'nightly'])
      .describe('Types of composes that `fedimg listen` publishes.'),
    /** By the date in the compose id. */
    max_age: duration('1d', '3650d')
      .prefault('30d')
      .describe(
        '`fedimg listen` ignores older composes, so that a replayed message starts no run.',
      ),
    rawhide_release: z
      .int()
      .min(1)
      .max(9999)
      .optional()
      .describe("Rawhide's number, for consumers of messages that know releases by number only."),
  })
  .transform(camelCased)
  .describe('Which composes and which of their images are published.');

/** Which images of a compose are published. */
export type ComposesConfig = z.output<typeof composesSchema>;
