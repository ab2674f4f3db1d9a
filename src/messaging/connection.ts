/** A connection to the broker, as Fedora's infrastructure has it: AMQP 0.9.1, TLS with a client certificate, or a plain URL. */

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { Duplex } from 'node:stream';
import type { ChannelModel, SocketOptions } from 'amqplib';
import { connect, credentials } from 'amqplib';
import { BrokerError } from './errors.js';

export interface BrokerSettings {
  /** `amqps://host/%2Fpubsub`, or `amqp://user:password@host`. */
  readonly url: string;
  /** The authority that signed the broker's certificate; undefined: the system's authorities. */
  readonly caFile?: string | undefined;
  /** With both, this client logs in by its certificate (SASL EXTERNAL). */
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  /** Has the password of the user in `url`. */
  readonly passwordFile?: string | undefined;
}

/** A host that drops packets would otherwise cost TCP's own time-out of minutes. */
const CONNECT_TIMEOUT_MS = 15_000;
/** A dead peer is detected after twice this. */
const HEARTBEAT_SECONDS = 30;
/** A broker that is frozen or out of memory never answers the end of a connection. */
const CLOSE_TIMEOUT_MS = 2_000;

/** Reads the certificates and the password anew each time: a renewed one is used by the next connection. */
export async function connectBroker(
  settings: BrokerSettings,
  clientName: string,
): Promise<ChannelModel> {
  try {
    const url = new URL(settings.url);
    url.searchParams.set('heartbeat', String(HEARTBEAT_SECONDS));
    const password = await readIfNamed(settings.passwordFile);
    // A newline at the end belongs to the file.
    if (password !== undefined) url.password = encodeURIComponent(password.toString().trim());
    const connection = await connect(url.href, await socketOptions(settings, clientName));
    // Channels report the error to their users; without a listener here it would end the process.
    connection.on('error', () => undefined);
    return connection;
  } catch (error) {
    if (error instanceof BrokerError) throw error;
    throw new BrokerError(
      'unreachable',
      `no connection to the broker at ${shownUrl(settings.url)}: ${reasonOf(error)}`,
      { cause: error },
    );
  }
}

/** Ends it by the protocol if the broker answers, else by force. Never rejects; safe to repeat. */
export async function endConnection(connection: ChannelModel): Promise<void> {
  const closing = connection.close().catch(() => undefined);
  const socket = socketOf(connection);
  if (socket === undefined) return closing;
  if (socket.closed) return;
  const timer = setTimeout(() => {
    // With an error: amqplib reports only errors to its channels.
    socket.destroy(new Error('the broker does not answer the end of the connection'));
  }, CLOSE_TIMEOUT_MS);
  await once(socket, 'close').catch(() => undefined);
  clearTimeout(timer);
}

/** amqplib does not export the socket, and has no other way to end a connection without an answer. */
function socketOf({ connection }: ChannelModel): Duplex | undefined {
  return 'stream' in connection && connection.stream instanceof Duplex
    ? connection.stream
    : undefined;
}

async function socketOptions(
  { caFile, certFile, keyFile }: BrokerSettings,
  clientName: string,
): Promise<SocketOptions> {
  const [ca, cert, key] = await Promise.all([caFile, certFile, keyFile].map(readIfNamed));
  return {
    timeout: CONNECT_TIMEOUT_MS,
    noDelay: true,
    clientProperties: { connection_name: clientName },
    ...(ca === undefined ? {} : { ca: [ca] }),
    ...(cert === undefined || key === undefined
      ? {}
      : { cert, key, credentials: credentials.external() }),
  };
}

async function readIfNamed(file: string | undefined): Promise<Buffer | undefined> {
  if (file === undefined) return undefined;
  return readFile(file).catch((error: unknown) => {
    throw new BrokerError('unreadable', `${file} cannot be read: ${reasonOf(error)}`, {
      cause: error,
    });
  });
}

/** Host, port and vhost; never a password. */
export function shownUrl(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

/** AMQP's reply code for a missing permission. */
const ACCESS_REFUSED = 403;

export function isRefusal(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === ACCESS_REFUSED;
}

/** The message of an error; Node puts the errors of several addresses into one without a message. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.map(reasonOf).join('; ');
  }
  return error instanceof Error ? error.message : String(error);
}
