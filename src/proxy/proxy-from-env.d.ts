declare module 'proxy-from-env' {
  /** The proxy's URL by the variables of the environment; empty for a direct connection. */
  export function getProxyForUrl(url: string): string;
}
