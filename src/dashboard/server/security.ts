/** What every answer and every request has to pass: headers, the host's name, and the origin of what changes something. */

import type { Context, MiddlewareHandler } from 'hono';
import { secureHeaders } from 'hono/secure-headers';

export interface OwnAddress {
  /** Where it listens, such as `127.0.0.1`. */
  readonly hostname: string;
  /** The address that visitors use when a proxy stands before it: `https://fedimg.example.org`. */
  readonly publicUrl: URL | undefined;
}

const LOOPBACK: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

/** Scripts, styles and images only from this server; no plugin, no frame, no inline code. */
export function pageHeaders(): MiddlewareHandler {
  const self = ["'self'"];
  const none = ["'none'"];
  return secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: none,
      scriptSrc: self,
      styleSrc: self,
      imgSrc: self,
      connectSrc: self,
      formAction: self,
      baseUri: none,
      frameAncestors: none,
      requireTrustedTypesFor: ["'script'"],
      trustedTypes: ['page'],
      reportUri: '/csp-report',
    },
    xFrameOptions: 'DENY',
    // "no-referrer" would make browsers send "Origin: null" with the page's own forms (Fetch, "append a request Origin header").
    referrerPolicy: 'same-origin',
    crossOriginResourcePolicy: 'same-origin',
    crossOriginOpenerPolicy: 'same-origin',
    permissionsPolicy: { camera: [], geolocation: [], microphone: [] },
    // Only the proxy that has the certificate knows whether HTTPS stays.
    strictTransportSecurity: false,
  });
}

/** Refuses names that are not its own: a page elsewhere could point its name to this address (DNS rebinding). */
export function ownHostOnly(own: OwnAddress): MiddlewareHandler {
  return async (context, next) => {
    if (isOwnHost(context.req.header('host'), own)) return next();
    const shown = own.publicUrl?.host ?? own.hostname;
    return context.text(
      `This page does not answer to this name. Use ${shown}, or start it with --public-url.\n`,
      421,
    );
  };
}

export function isOwnHost(host: string | undefined, { hostname, publicUrl }: OwnAddress): boolean {
  if (host === undefined) return false;
  if (publicUrl !== undefined && host === publicUrl.host) return true;
  const name = host.replace(/:\d{1,5}$/, '').toLowerCase();
  return LOOPBACK.includes(name) || name === hostname || name === `[${hostname}]`;
}

/** Why a request that changes something does not come from one of this server's own pages; undefined when it does. */
export function crossSiteReason(context: Context, own: OwnAddress): string | undefined {
  const site = context.req.header('sec-fetch-site');
  if (site !== undefined && site !== 'same-origin') return `it comes from another site (${site})`;
  const origin = context.req.header('origin');
  if (origin === undefined) return 'it does not say where it comes from';
  return ownOrigins(context, own).includes(origin) ? undefined : 'it comes from another site';
}

/** With a proxy, the visitor's origin is that of the public address; `Host` is then what the proxy sends. */
function ownOrigins(context: Context, { publicUrl }: OwnAddress): string[] {
  const host = context.req.header('host') ?? '';
  return publicUrl === undefined ? [`http://${host}`] : [publicUrl.origin];
}
