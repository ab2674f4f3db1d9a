/** `[composes]`: which images of a compose are published. */
import { z } from 'zod';
import { ARCHES, type Arch } from '../../model/compose.js';
import { unique } from '../fields.js';

/** Which images of a compose are published. */
export interface ComposesConfig {
  /** Exact: `Cloud_Base` does not take `Cloud_Base_UKI`. */
  subvariants: string[];
  types: 'raw-xz'[];
  arches: Arch[];
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
  })
  .describe('Which images of a compose are published.') satisfies z.ZodType<ComposesConfig>;
