/** `[composes]`: which images of a compose are published. */
import { z } from 'zod';
import { ARCHES, COMPOSE_TYPES, type Arch, type ComposeType } from '../../model/compose/compose.js';
import { duration, unique } from '../fields.js';

/** Which images of a compose are published. */
export interface ComposesConfig {
  /** Exact: `Cloud_Base` does not take `Cloud_Base_UKI`. */
  subvariants: string[];
  types: 'raw-xz'[];
  arches: Arch[];
  /** Composes of other products, such as `Fedora-IoT`, are of no concern to the listener. */
  products: string[];
  composeTypes: ComposeType[];
  /** The listener starts nothing for a compose that is older, by the date in its id. */
  maxAgeMs: number;
  /** Rawhide's number: consumers of the messages know releases by number only. */
  rawhideRelease: number | undefined;
}

export const composesSchema = z
  .strictObject({
    subvariants: unique(
      z
        .string()
        .regex(
          /^[A-Za-z][A-Za-z0-9_]{0,63}$/,
          'is no subvariant; allowed: a name such as "Cloud_Base"',
        ),
    )
      .min(1)
      .default(['Cloud_Base'])
      .describe('Subvariants, matched exactly.'),
    types: unique(z.enum(['raw-xz']))
      .min(1)
      .default(['raw-xz'])
      .describe('Image types; "raw-xz" is the one that can be written to a volume.'),
    arches: unique(z.enum(ARCHES))
      .min(1)
      .default([...ARCHES])
      .describe('Architectures; each image gets a run of its own.'),
    products: unique(
      z
        .string()
        .regex(
          /^[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*$/,
          'is no short name of a product; allowed: what a compose id begins with, such as "Fedora-Cloud"',
        ),
    )
      .min(1)
      .default(['Fedora', 'Fedora-Cloud'])
      .describe('What the ids of composes begin with that `fedimg listen` takes up.'),
    compose_types: unique(z.enum(COMPOSE_TYPES))
      .min(1)
      .default(['production', 'nightly'])
      .describe('Types of composes that `fedimg listen` takes up.'),
    max_age: duration('1d', '3650d')
      .prefault('30d')
      .describe(
        '`fedimg listen` takes up no compose that is older: a replayed message starts nothing.',
      ),
    rawhide_release: z
      .int()
      .min(1)
      .max(9999)
      .optional()
      .describe("Rawhide's number, for messages whose readers know releases by number only."),
  })
  .transform((toml): ComposesConfig => ({
    subvariants: toml.subvariants,
    types: toml.types,
    arches: toml.arches,
    products: toml.products,
    composeTypes: toml.compose_types,
    maxAgeMs: toml.max_age,
    rawhideRelease: toml.rawhide_release,
  }))
  .describe('Which composes are taken up, and which of their images are published.');
