/** An entry of productmd's image metadata, and the `location` object of images 2.0 in the words of 1.x. */
import { isObject, own } from './envelope.js';

/** The keys of an `images.json` entry that selection reads. Untrusted. */
export interface ProductmdImage {
  arch?: unknown;
  type?: unknown;
  format?: unknown;
  subvariant?: unknown;
  path?: unknown;
  size?: unknown;
  checksums?: unknown;
  /** Of images 2.0, in place of the three above. */
  location?: unknown;
}

/**
 * An entry of images 2.0 as 1.x has it; an entry of 1.x as it is. productmd's doc/images-2.0.rst: `location` has `url`
 * (HTTPS, an OCI reference, or a relative path), `size`, and `checksum` as `sha256:digits`.
 */
export function withoutLocation(entry: ProductmdImage, composeUrl: string): ProductmdImage {
  const { location, ...rest } = entry;
  if (!isObject(location)) return entry;
  const url = own(location, 'url');
  const below = `${composeUrl}/`;
  const checksum = own(location, 'checksum');
  return {
    ...rest,
    path: typeof url === 'string' && url.startsWith(below) ? url.slice(below.length) : url,
    size: own(location, 'size'),
    checksums: {
      sha256: typeof checksum === 'string' ? checksum.replace(/^sha256:/, '') : checksum,
    },
  };
}
