/** An address to listen at, as `127.0.0.1:9464`, `[::1]:9464` or `:9464`. */

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

const FORM = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]*)):(\d{1,5})$/;

/** Only a port means this machine only. Undefined when the text is not such an address. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const [, six, name, digits] = FORM.exec(/^\d+$/.test(text) ? `:${text}` : text) ?? [];
  const port = Number(digits ?? Number.NaN);
  if (!(port <= 65_535)) return undefined;
  return { host: six ?? (name || '127.0.0.1'), port };
}

export const LISTEN_ADDRESS_EXAMPLES = '127.0.0.1:9464, [::1]:9464 or 0.0.0.0:9464';
