/** Temporal's own variables and profiles, read the same way by worker and client. */

import { readFileSync } from 'node:fs';
import type { ClientConfigTLS, ClientConnectConfig } from '@temporalio/envconfig';
import { loadClientConfigProfile, toClientOptions } from '@temporalio/envconfig';

export type TemporalSettings = ClientConnectConfig;

/** The variables or the profile contradict themselves, or name a file that cannot be read. */
export class TemporalSettingsError extends Error {
  readonly next =
    'Correct the TEMPORAL_* variables or the profile file (`temporal config list` shows it).';

  constructor(reason: string, cause?: unknown) {
    super(`Temporal's connection settings cannot be used: ${reason}`, { cause });
    this.name = 'TemporalSettingsError';
  }
}

/** Throws a `TemporalSettingsError`. */
export function temporalSettings(env: NodeJS.ProcessEnv = process.env): TemporalSettings {
  const set = Object.entries(env).filter((entry): entry is [string, string] => Boolean(entry[1]));
  const overrideEnvVars = Object.fromEntries(set);
  // A profile file without a profile, as /dev/null is, would be a TypeError (envconfig 1.24).
  const disableFile = isEmptyFile(env['TEMPORAL_CONFIG_FILE']);
  try {
    const profile = loadClientConfigProfile({ overrideEnvVars, disableFile });
    refuseHalfPair(profile.tls);
    return toClientOptions(profile);
  } catch (error) {
    if (error instanceof TemporalSettingsError) throw error;
    throw new TemporalSettingsError(error instanceof Error ? error.message : String(error), error);
  }
}

/** The SDK ignores a certificate without a key; the server then refuses the connection without naming the cause. */
function refuseHalfPair(tls: ClientConfigTLS | undefined): void {
  const { clientCert, clientKey } = tls ?? {};
  if ((clientCert === undefined) === (clientKey === undefined)) return;
  const [has, lacks] = clientKey === undefined ? ['certificate', 'KEY'] : ['key', 'CERT'];
  throw new TemporalSettingsError(
    `a client ${has} is set, but not TEMPORAL_TLS_CLIENT_${lacks}_PATH or _DATA`,
  );
}

function isEmptyFile(file: string | undefined): boolean {
  if (file === undefined || file === '') return false;
  try {
    return readFileSync(file, 'utf8').trim() === '';
  } catch {
    return false;
  }
}
