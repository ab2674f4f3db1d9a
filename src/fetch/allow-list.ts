/** Entries of `source.allow`: URL prefixes from which something may be fetched. */

/** A URL prefix in normal form. */
export interface AllowEntry {
  /** Scheme, host, port and path; ends in a slash, so that `/a` does not allow `/ab`. */
  prefix: string;
  origin: string;
  path: string;
}

/** An entry that is not a URL prefix; the message says why and what is allowed. */
export class AllowEntryError extends Error {
  override readonly name = 'AllowEntryError';
}

const ALLOWED =
  'allowed: a prefix such as "https://dl.fedoraproject.org/" or "http://127.0.0.1:8080/"';

/** A DNS name or an address; the URL parser accepts more. */
const HOST = /^(?:[\w-]+(?:\.[\w-]+)*\.?|\[[\da-f:.]+\])$/;

/** An entry in normal form; a bare host name is https. Throws `AllowEntryError`. */
export function parseAllowEntry(text: string): AllowEntry {
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
  // The URL parser skips slashes: "https:/host/" and "//https://host/" would allow a host of the name "https".
  const isOdd = !hasScheme && /^(?:\/|[^/]*:(?:\/|$)|https?(?:[:/]|$))/i.test(text);
  if (isOdd || text.includes(':///')) {
    throw new AllowEntryError(`is neither a URL nor a host name; ${ALLOWED}`);
  }
  const url = parse(hasScheme ? text : `https://${text}`, text);
  const path = url.pathname.endsWith('/') ? url.pathname : `${url.pathname}/`;
  return { prefix: `${url.origin}${path}`, origin: url.origin, path };
}

function parse(full: string, text: string): URL {
  const problem = characterProblem(full);
  if (problem !== undefined) throw new AllowEntryError(`${problem}; ${ALLOWED}`);
  if (text.includes('*'))
    throw new AllowEntryError(`has a wildcard, which is not supported; ${ALLOWED}`);
  let url: URL;
  try {
    url = new URL(full);
  } catch {
    throw new AllowEntryError(`is not a URL prefix; ${ALLOWED}`);
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new AllowEntryError(`has the scheme ${url.protocol}//; ${ALLOWED}`);
  }
  if (
    full
      .replace(/^[^/]*\/\//, '')
      .split('/')[0]
      ?.includes('@')
  ) {
    throw new AllowEntryError(`has credentials; ${ALLOWED}`);
  }
  // Not left to the URL parser: Node 20's reads "/a/.x/../../b" as it is written.
  if (/\/\.{1,2}(?:\/|$)/.test(full))
    throw new AllowEntryError(`has the path segment . or ..; ${ALLOWED}`);
  if (/[?#]/.test(full)) throw new AllowEntryError(`has a query or a fragment; ${ALLOWED}`);
  if (!HOST.test(url.hostname)) throw new AllowEntryError(`has no host name; ${ALLOWED}`);
  if (url.hostname.endsWith('.'))
    throw new AllowEntryError(`has a host name that ends with a dot; ${ALLOWED}`);
  if (url.pathname.includes('%')) throw new AllowEntryError(`has escapes in its path; ${ALLOWED}`);
  return url;
}

/** The URL parser drops or rewrites these characters silently; the URL that people read must be the one that is fetched. */
export function characterProblem(text: string): string | undefined {
  if (text.length > 2048) return 'is longer than 2048 characters';
  if (/[^\x21-\x7e]/.test(text)) return 'has a space, a control character or one outside ASCII';
  if (/["<>\\^`{|}]/.test(text))
    return 'has a character that a URL cannot have (one of " < > \\ ^ ` { | })';
  return undefined;
}
