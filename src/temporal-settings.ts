/** Temporal's own variables and profiles, read the same way by worker and client. */

import { readFileSync } from 'node:fs';
import { loadClientConnectConfig } from '@temporalio/envconfig';

export type TemporalSettings = ReturnType<typeof loadClientConnectConfig>;

/** Throws what @temporalio/envconfig throws for settings that contradict each other. */
export function temporalSettings(env: NodeJS.ProcessEnv = process.env): TemporalSettings {
  const set = Object.entries(env).filter((entry): entry is [string, string] => Boolean(entry[1]));
  const overrideEnvVars = Object.fromEntries(set);
  // A profile file without a profile, as /dev/null is, would be a TypeError (envconfig 1.24).
  const disableFile = isEmptyFile(env['TEMPORAL_CONFIG_FILE']);
  return loadClientConnectConfig({ overrideEnvVars, disableFile });
}

function isEmptyFile(file: string | undefined): boolean {
  if (file === undefined || file === '') return false;
  try {
    return readFileSync(file, 'utf8').trim() === '';
  } catch {
    return false;
  }
}
