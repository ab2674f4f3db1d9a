/** `[source]`: from where images and metadata may be fetched, how slowly, and how large. */
import { isIP } from 'node:net';
import { z } from 'zod';
import { AllowEntryError, parseAllowEntry } from '../../fetch/allow-list.js';
import { parseNetwork } from '../../fetch/addresses.js';
import { camelCased } from '../camel-case.js';
import { unique } from '../fields.js';

const GIB = 1024 ** 3;

const allowEntry = z.string().transform((text, context) => {
  try {
    return parseAllowEntry(text).prefix;
  } catch (error) {
    if (!(error instanceof AllowEntryError)) throw error;
    context.addIssue({ code: 'custom', message: error.message });
    return z.NEVER;
  }
});

const network = z.string().refine((text) => parseNetwork(text) !== undefined, {
  error: (issue) =>
    isIP(String(issue.input).split('/')[0] ?? '') === 0
      ? 'is not a network; allowed: an address or a network such as "10.3.0.0/16" or "fd00::/8"'
      : 'has a wrong prefix length; allowed: /0 to /32 for IPv4, /0 to /128 for IPv6',
});

export const sourceSchema = z
  .strictObject({
    /** In normal form, each ending in a slash. */
    allow: unique(allowEntry)
      .min(1)
      .prefault(['https://kojipkgs.fedoraproject.org/', 'https://dl.fedoraproject.org/'])
      .describe(
        'URL prefixes that may be fetched, redirects included. ' +
          'Plain http and private addresses only where an entry names them.',
      ),
    /** Addresses and networks (CIDR). */
    private_networks: unique(network)
      .default([])
      .describe('Private networks that allowed host names may resolve into.'),
    min_rate_bytes_per_second: z
      .int()
      .min(0)
      .default(256 * 1024)
      .describe('Slower downloads are aborted and tried again; 0 accepts any rate.'),
    max_raw_gib: z
      .int()
      .min(1)
      .max(1024)
      .default(64)
      .describe(
        'Larger raw images are refused; 1024 GiB is the most that "standard" volumes hold.',
      ),
  })
  .transform(camelCased)
  .transform(({ maxRawGiB, ...source }) => ({ ...source, maxRawSizeBytes: maxRawGiB * GIB }))
  .describe('From where images may be fetched.');

/** From where images and metadata may be fetched; `fetch/url-policy.ts` takes it as it is. */
export type SourceConfig = z.output<typeof sourceSchema>;
