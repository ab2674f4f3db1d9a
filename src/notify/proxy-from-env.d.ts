declare module 'proxy-from-env' {
  /** The proxy for a URL by the usual variables (HTTPS_PROXY, NO_PROXY); empty without one. */
  export function getProxyForUrl(url: string | URL): string;
}
