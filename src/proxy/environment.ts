/** Which proxy a URL goes through, by HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY (or in lower case). */

import { BlockList, isIP } from 'node:net';
import { getProxyForUrl } from 'proxy-from-env';
import { ProxyError, refusedByProxy } from './proxy-error.js';

/** Addresses that only this machine can reach: itself, and the metadata services of its instance or container. */
const LOCAL = new BlockList();
LOCAL.addSubnet('127.0.0.0', 8, 'ipv4');
LOCAL.addSubnet('169.254.0.0', 16, 'ipv4');
LOCAL.addAddress('::1', 'ipv6');
LOCAL.addSubnet('fe80::', 10, 'ipv6');
LOCAL.addAddress('fd00:ec2::254', 'ipv6');

/** The proxy for this URL; undefined for a direct connection. Throws `ProxyError` when the variable is of no use. */
export function proxyFor(url: URL): URL | undefined {
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  if (isLocal(host) || isExempt(host)) return undefined;
  const text = getProxyForUrl(url.href);
  if (text === '') return undefined;
  const withScheme = hasScheme(url) ? text : text.replace(/^[a-z]+:/, 'http:');
  const proxy = URL.canParse(withScheme) ? new URL(withScheme) : undefined;
  if (
    proxy !== undefined &&
    ['http:', 'https:'].includes(proxy.protocol) &&
    proxy.hostname !== ''
  ) {
    return proxy;
  }
  // Without the value: it may hold a password.
  const what = proxy === undefined ? 'is not a URL' : `is a ${proxy.protocol} proxy`;
  throw new ProxyError(
    `the proxy for ${url.protocol}//${url.host} cannot be used: ${nameOf(url)} ${what}`,
    'Give it as http://HOST:PORT or https://HOST:PORT, with special characters of a password as %XX, and start this process again.',
  );
}

/** The status by which a proxy demands a login. */
export function isLoginDemand(status: number): boolean {
  return status === 407;
}

/** The answer to a request for http may be of the proxy, which demands a login; undefined when it is of the target. */
export function loginDemand(target: URL, status: number): ProxyError | undefined {
  if (!isLoginDemand(status) || target.protocol !== 'http:') return undefined;
  const proxy = proxyFor(target);
  return proxy === undefined ? undefined : refusedByProxy(proxy, target.host, status);
}

function isLocal(host: string): boolean {
  if (host === 'localhost' || host.endsWith('.localhost')) return true;
  const version = isIP(host);
  return version !== 0 && LOCAL.check(host, version === 4 ? 'ipv4' : 'ipv6');
}

/** By entries that the library does not know, and curl does: a domain without a dot before it, and a network. */
function isExempt(host: string): boolean {
  const version = isIP(host);
  return valueOf('no_proxy')
    .toLowerCase()
    .split(/[,\s]+/)
    .some((entry) => {
      if (version === 0) return entry !== '' && host.endsWith(`.${entry.replace(/^\*?\./, '')}`);
      const [, network = '', bits = ''] = /^\[?([0-9a-f.:]+)\]?\/(\d{1,3})$/.exec(entry) ?? [];
      if (isIP(network) !== version || Number(bits) > (version === 4 ? 32 : 128)) return false;
      const list = new BlockList();
      const family = version === 4 ? 'ipv4' : 'ipv6';
      list.addSubnet(network, Number(bits), family);
      return list.check(host, family);
    });
}

/** The library adds the scheme of the target, and curl takes `proxy:3128` for an http proxy. */
function hasScheme(url: URL): boolean {
  return valueOf(nameOf(url)).includes('://');
}

/** The variable that decides for this URL. */
function nameOf({ protocol }: URL): string {
  const own = `${protocol.slice(0, -1)}_proxy`;
  return (valueOf(own) === '' ? 'all_proxy' : own).toUpperCase();
}

function valueOf(name: string): string {
  return process.env[name.toLowerCase()] || process.env[name.toUpperCase()] || '';
}
