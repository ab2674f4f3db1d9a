/** The connection to Temporal, by Temporal's own variables and profiles. */

import { Client, Connection } from '@temporalio/client';
import type { TemporalSettings } from '../temporal-settings.js';
import { temporalSettings, TemporalSettingsError } from '../temporal-settings.js';
import { packageVersion } from '../package-version.js';
import { loadPayloadCodecs, PayloadReader } from '../payload-codec.js';
import { openTracing } from '../telemetry/open-tracing.js';
import { ClientError, clientErrorOf, refusedCredentials, unreachable } from './errors.js';
import { tlsFault } from './tls-fault.js';

export interface ConnectOptions {
  readonly env: NodeJS.ProcessEnv;
  /** The server when neither variables nor a profile name one: that of a running `fedimg dev`. */
  readonly fallback?: { readonly address: string; readonly namespace: string } | undefined;
  readonly connectTimeoutMs?: number;
  /** `temporal.codec`. */
  readonly codec?: string | undefined;
}

export interface TemporalAccess {
  readonly client: Client;
  readonly address: string;
  readonly namespace: string;
  /** Reads the values in Temporal's raw answers. */
  readonly payloads: PayloadReader;
  /** Runs calls with a deadline; throws `ClientError` when Temporal refuses or does not answer. */
  readonly call: <T>(calls: (client: Client) => Promise<T>, timeoutMs?: number) => Promise<T>;
  readonly close: () => Promise<void>;
}

/** Where `temporal server start-dev` listens. */
export const DEFAULT_ADDRESS = '127.0.0.1:7233';
/** A server on another continent answers within a second; a user at a prompt should not wait longer. */
const CONNECT_TIMEOUT_MS = 4_000;
const CALL_TIMEOUT_MS = 10_000;

/** Connects, or throws a `ClientError` within a few seconds. */
export async function connectToTemporal(options: ConnectOptions): Promise<TemporalAccess> {
  const { connectionOptions } = readConnectConfig(options.env);
  const { address, namespace } = temporalAddress(options);
  const payloadCodecs = await loadPayloadCodecs(options.codec);
  const connectTimeout = options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
  let connection: Connection;
  try {
    connection = await Connection.connect({ ...connectionOptions, address, connectTimeout });
  } catch (error) {
    throw await connectFailure(error, address, connectionOptions.tls);
  }
  const { env } = options;
  const tracing = await openTracing({ env, serviceName: 'fedimg', version: packageVersion() });
  const workflow = [...(tracing?.clientInterceptors ?? [])];
  const dataConverter = { payloadCodecs };
  const client = new Client({ connection, namespace, dataConverter, interceptors: { workflow } });
  return {
    client,
    address,
    namespace,
    payloads: new PayloadReader(payloadCodecs),
    call: async (calls, timeoutMs = CALL_TIMEOUT_MS) => {
      try {
        return await connection.withDeadline(Date.now() + timeoutMs, () => calls(client));
      } catch (error) {
        throw clientErrorOf(error, address);
      }
    },
    close: async () => {
      await connection.close();
      await tracing?.close();
    },
  };
}

/** The server that `connectToTemporal` would use. */
export function temporalAddress({ env, fallback }: ConnectOptions): {
  readonly address: string;
  readonly namespace: string;
} {
  const { connectionOptions, namespace } = readConnectConfig(env);
  return {
    address: connectionOptions.address ?? fallback?.address ?? DEFAULT_ADDRESS,
    namespace: namespace ?? fallback?.namespace ?? 'default',
  };
}

function readConnectConfig(env: NodeJS.ProcessEnv): TemporalSettings {
  try {
    return temporalSettings(env);
  } catch (error) {
    if (!(error instanceof TemporalSettingsError)) throw error;
    throw new ClientError('configuration', error.message, error.next, error);
  }
}

/** An address is HOST:PORT; TLS has variables of its own. */
const URL_FORM = /^[a-z+]+:\/\/(\[[^\]]+\]|[^/:]+)(?::(\d+))?/i;

/** Of sdk-core, with tonic's text for UNAUTHENTICATED and PERMISSION_DENIED; then the server's own message. */
const REFUSED =
  /(?:valid authentication credentials|does not have permission)[^,]*(?:, message: "([^"]*)")?/;

/** For the user of a command or a worker: an error of the connection with its cause. */
export async function connectFailure(
  error: unknown,
  address: string,
  tls: TemporalSettings['connectionOptions']['tls'],
): Promise<unknown> {
  const [, host, port = '7233'] = URL_FORM.exec(address) ?? [];
  if (host !== undefined) {
    return new ClientError(
      'unreachable',
      `Temporal's address ${address} is a URL, and must be HOST:PORT`,
      `Set TEMPORAL_ADDRESS=${host}:${port}; for TLS also set TEMPORAL_TLS=true.`,
      error,
    );
  }
  // The worker's connection has no gRPC codes: its first call fails with the text of one.
  const refused = REFUSED.exec(messageOf(error));
  if (refused !== null) return refusedCredentials(address, refused[1] ?? refused[0], error);
  const known = clientErrorOf(error, address);
  if (known instanceof ClientError && known.kind !== 'unreachable') return known;
  const fault = await tlsFault(address, tls);
  if (fault !== undefined) {
    const message = `Temporal at ${address} cannot be used: ${fault.reason}`;
    return new ClientError('unreachable', message, fault.next, error);
  }
  if (known instanceof ClientError) return known;
  // Name resolution, TLS and the SDK's own time-out have no gRPC code.
  return unreachable(address, messageOf(error), error);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
