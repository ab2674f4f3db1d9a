/** A proxy that cannot be used. The message names the proxy, and never its user or password. */

export class ProxyError extends Error {
  override readonly name = 'ProxyError';
  /** One of our own: the SDK takes the codes of Node for faults of AWS's endpoint. */
  readonly code = 'EPROXY';
  /** What the operator does about it. */
  readonly next: string;

  constructor(message: string, next: string, options?: ErrorOptions) {
    super(message, options);
    this.next = next;
  }
}

/** `http://proxy.example:3128`, without user and password. */
export function shownProxy(proxy: URL): string {
  return `${proxy.protocol}//${proxy.host}`;
}

const VARIABLES = 'HTTPS_PROXY or HTTP_PROXY';

/** The proxy answers a status other than success for a connection to `target`. */
export function refusedByProxy(proxy: URL, target: string, status: number): ProxyError {
  const message = `the proxy ${shownProxy(proxy)} refuses a connection to ${target} with status ${status}`;
  if (status === 407) {
    return new ProxyError(
      `${message} (it demands a user and a password)`,
      `Put the right user and password into ${VARIABLES} (http://USER:PASSWORD@HOST:PORT, special characters as %XX), and start this process again.`,
    );
  }
  return new ProxyError(
    message,
    `Have the proxy allow ${target}, or name the host in NO_PROXY to connect to it directly, and start this process again.`,
  );
}

/** The proxy itself could not be reached. */
export function unreachableProxy(
  proxy: URL,
  target: string,
  reason: string,
  cause: unknown,
): ProxyError {
  return new ProxyError(
    `the proxy ${shownProxy(proxy)}, which is to connect to ${target}, cannot be reached: ${reason}`,
    `Check that the proxy runs and that ${VARIABLES} names it; or name the target in NO_PROXY to connect to it directly, and start this process again.`,
    { cause },
  );
}
