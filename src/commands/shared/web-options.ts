/** The options of the commands that make web pages: addresses, and who may act. */

import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { ActsMode } from '../../dashboard/server/gate.js';
import { usageError } from './problem.js';

export interface ListenAddress {
  readonly hostname: string;
  readonly port: number;
}

/** `127.0.0.1:8300`, `[::1]:8300`, `:8300` or a port alone; both of the last are of this machine only. */
export function parseListen(text: string): ListenAddress {
  const [, bracketed, plain, port] =
    /^(?:(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]*)):)?(\d{1,5})$/.exec(text) ?? [];
  if (port === undefined || Number(port) > 65_535) {
    throw usageError(
      `${text} is not an address to listen on`,
      'Write host and port, such as 127.0.0.1:8300 or [::1]:8300; port 0 takes a free one.',
    );
  }
  return { hostname: bracketed ?? (plain || '127.0.0.1'), port: Number(port) };
}

export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '::1' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

export function parseWebUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (
    url !== undefined &&
    /^https?:$/.test(url.protocol) &&
    url.username === '' &&
    url.search === ''
  ) {
    return url;
  }
  throw usageError(`${text} is not a web address`, 'Write one such as https://fedimg.example.org.');
}

/** Shorter ones can be guessed. */
const TOKEN_CHARS_MIN = 16;

/** A token that this start has made is to be printed: no file has it. */
export interface Acts {
  readonly mode: ActsMode;
  readonly madeToken?: string;
}

/** `off`, `token` (a new one), `token:FILE` or `header:NAME`. */
export async function readActs(text: string): Promise<Acts> {
  if (text === 'off') return { mode: { kind: 'off' } };
  if (text === 'token') {
    const token = randomBytes(24).toString('base64url');
    return { mode: { kind: 'token', token }, madeToken: token };
  }
  const [, kind, value] = /^(token|header):(.+)$/s.exec(text) ?? [];
  if (kind === 'token' && value !== undefined) {
    return { mode: { kind, token: await readToken(value) } };
  }
  if (kind === 'header' && value !== undefined && /^[A-Za-z0-9-]{1,64}$/.test(value)) {
    return { mode: { kind, header: value } };
  }
  throw usageError(
    `--acts ${text} is unknown`,
    'Allowed: off; token, which makes and prints one; token:FILE; header:NAME, such as header:X-Remote-User.',
  );
}

async function readToken(file: string): Promise<string> {
  let token: string;
  try {
    token = (await readFile(file, 'utf8')).trim();
  } catch (error) {
    const { message } = error as Error;
    throw usageError(
      `the token file cannot be read: ${message}`,
      'Make it: openssl rand -base64 24 >FILE; chmod 600 FILE',
    );
  }
  if (token.length >= TOKEN_CHARS_MIN && !/\s/.test(token)) return token;
  throw usageError(
    `the token in ${file} has less than ${TOKEN_CHARS_MIN} characters, or spaces`,
    'Make a new one: openssl rand -base64 24 >FILE',
  );
}
