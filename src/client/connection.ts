/** The connection to Temporal, by Temporal's own variables and profiles. */

import { Client, Connection } from '@temporalio/client';
import type { TemporalSettings } from '../temporal-settings.js';
import { temporalSettings } from '../temporal-settings.js';
import { packageVersion } from '../package-version.js';
import { openTracing } from '../telemetry/tracing.js';
import { ClientError, clientErrorOf, unreachable } from './errors.js';

export interface ConnectOptions {
  readonly env: NodeJS.ProcessEnv;
  /** The server when neither variables nor a profile name one: that of a running `fedimg dev`. */
  readonly fallback?: { readonly address: string; readonly namespace: string } | undefined;
  readonly connectTimeoutMs?: number;
}

export interface TemporalAccess {
  readonly client: Client;
  readonly address: string;
  readonly namespace: string;
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
  const connectTimeout = options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
  let connection: Connection;
  try {
    connection = await Connection.connect({ ...connectionOptions, address, connectTimeout });
  } catch (error) {
    throw connectFailure(error, address);
  }
  const { env } = options;
  const tracing = await openTracing({ env, serviceName: 'fedimg', version: packageVersion() });
  const workflow = [...(tracing?.clientInterceptors ?? [])];
  const client = new Client({ connection, namespace, interceptors: { workflow } });
  return {
    client,
    address,
    namespace,
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
    throw new ClientError(
      'configuration',
      `Temporal's connection settings cannot be used: ${messageOf(error)}`,
      'Correct the TEMPORAL_* variables or the profile file (`temporal config list` shows it).',
      error,
    );
  }
}

/** An address is HOST:PORT; TLS has variables of its own. */
const URL_FORM = /^[a-z+]+:\/\/(\[[^\]]+\]|[^/:]+)(?::(\d+))?/i;

function connectFailure(error: unknown, address: string): unknown {
  const [, host, port = '7233'] = URL_FORM.exec(address) ?? [];
  if (host !== undefined) {
    return new ClientError(
      'unreachable',
      `Temporal's address ${address} is a URL, and must be HOST:PORT`,
      `Set TEMPORAL_ADDRESS=${host}:${port}; for TLS also set TEMPORAL_TLS=true.`,
      error,
    );
  }
  const known = clientErrorOf(error, address);
  if (known instanceof ClientError) return known;
  // Name resolution, TLS and the SDK's own time-out have no gRPC code.
  return unreachable(address, messageOf(error), error);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
