/** Decides what may be fetched: every URL, every redirect, and every address that a name resolves to. */
import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { classifyAddress, isInNetwork, parseNetwork } from './addresses.js';
import { AllowEntryError, characterProblem, parseAllowEntry } from './allow-list.js';
import { UrlRefusedError } from './errors.js';
import { printableUrl } from '../model/printable.js';

/** The rules of a policy; `[source]` of the configuration has this shape. */
export interface UrlRules {
  /** URL prefixes, as `https://dl.fedoraproject.org/`. */
  allow: readonly string[];
  /** Private networks (CIDR) that allowed names may resolve into. */
  privateNetworks?: readonly string[];
}

/** All addresses of a host name; the system's resolver, or a test's. */
export type ResolveHost = (hostname: string) => Promise<LookupAddress[]>;

/** Decides what may be fetched. It refuses with `UrlRefusedError`. */
export interface UrlPolicy {
  /** The URL in normal form, or a refusal that says which line of configuration would allow it. */
  check(url: string): URL;
  /**
   * Resolves a name for `http.request`, and answers only when all its addresses are allowed. Node does not look
   * up hosts that are addresses: the allow-list has those addresses themselves.
   */
  lookup: LookupFunction;
}

/** A policy from `[source]`. Throws `AllowEntryError` for an entry that the configuration would refuse. */
export function createUrlPolicy(rules: UrlRules, resolveHost: ResolveHost = resolveAll): UrlPolicy {
  const entries = rules.allow.map(parseAllowEntry);
  const networks = (rules.privateNetworks ?? []).map((text) => {
    const network = parseNetwork(text);
    if (!network) throw new AllowEntryError(`${text} is neither an address nor a network (CIDR)`);
    return network;
  });

  const check = (text: string): URL => {
    const url = parseUrl(text);
    const allowed = entries.some(
      ({ origin, path }) => url.origin === origin && url.pathname.startsWith(path),
    );
    if (allowed) return url;
    throw refuse(
      text,
      'is not below any allowed prefix',
      `to allow it, add "${url.origin}/" to allow in [source] of the configuration`,
    );
  };

  const checkAddress = (hostname: string, address: string): void => {
    const is = classifyAddress(address);
    if (is === 'public') return;
    if (hostname === 'localhost' && is === 'loopback') return;
    if (networks.some((network) => isInNetwork(network, address))) return;
    throw new UrlRefusedError(
      'ADDRESS_REFUSED',
      `${hostname} resolves to ${address}, which is a ${is} address`,
      { next: `to allow it, add "${address}" to private_networks in [source]` },
    );
  };

  const lookup: LookupFunction = (hostname, options, callback) => {
    resolveHost(hostname)
      .then((addresses) => {
        addresses.forEach(({ address }) => checkAddress(hostname, address));
        const first = addresses[0];
        if (!first) throw Object.assign(new Error('no address'), { code: 'ENOTFOUND' });
        return { addresses, first };
      })
      .then(
        ({ addresses, first }) =>
          options.all === true
            ? callback(null, addresses)
            : callback(null, first.address, first.family),
        (error: NodeJS.ErrnoException) => callback(error, []),
      );
  };

  return { check, lookup };
}

/** Reads a URL strictly: a URL that a parser would repair is refused. */
function parseUrl(text: string): URL {
  const problem = characterProblem(text);
  if (problem !== undefined) throw refuse(text, problem);
  if (!/^https?:\/\/[^/]/i.test(text)) throw refuse(text, 'is not an http or https URL');
  let url: URL;
  try {
    url = new URL(text);
  } catch (error) {
    throw refuse(text, 'is not a URL', undefined, error);
  }
  const authority = /^[^/]*\/\/([^/?#]*)/.exec(text)?.[1] ?? '';
  if (authority.includes('@')) throw refuse(text, 'has credentials');
  if (url.hash !== '' || text.includes('#')) throw refuse(text, 'has a fragment');
  if (url.hostname.endsWith('.')) throw refuse(text, 'has a host name that ends with a dot');
  // A server may decode these once more than the prefix check does.
  if (/%(?:2e|2f|5c|25|[01][0-9a-f]|7f)/i.test(url.pathname)) {
    throw refuse(text, 'hides a dot, a slash, a percent or a control character in its path');
  }
  if (/(?:^|\/)\.{1,2}(?:\/|$)/.test(text.replace(/^[^/]*\/\/[^/?]*/, '').replace(/\?.*$/, ''))) {
    throw refuse(text, 'has the segment . or .. in its path');
  }
  return url;
}

function refuse(text: string, why: string, next?: string, cause?: unknown): UrlRefusedError {
  return new UrlRefusedError('URL_REFUSED', `the URL ${printableUrl(text)} ${why}`, {
    next: next ?? 'correct the URL; allowed are https URLs below the prefixes of allow in [source]',
    cause,
  });
}

function resolveAll(hostname: string): Promise<LookupAddress[]> {
  return new Promise((resolve, reject) => {
    systemLookup(hostname, { all: true, verbatim: true }, (error, addresses) => {
      if (error) reject(error);
      else resolve(addresses);
    });
  });
}
