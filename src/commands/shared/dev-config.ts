/** The configuration that `fedimg dev` runs with: the user's, or one that it writes itself. */

import { existsSync } from 'node:fs';
import path from 'node:path';
import { loadConfig } from '../../config/load.js';
import {
  BOOT_SECTOR_TEST,
  configFileName,
  placeAgentKey,
  SERVED_BY_USER,
  writeLocalConfig,
} from '../../local/config.js';
import type { LatencyProfile } from '../../simulator/index.js';

export interface DevConfig {
  readonly file: string;
  readonly deployment: string;
  readonly taskQueue: string;
  /** Whether `fedimg dev` has written it. */
  readonly own: boolean;
}

/**
 * Loads what `--config`, FEDIMG_CONFIG or `./fedimg.toml` names, else the file in `stateDir`, which it
 * writes when it is missing. Throws a `ConfigError` before anything is started.
 */
export async function chooseConfig(
  option: string | undefined,
  { stateDir, latency }: { readonly stateDir: string; readonly latency: LatencyProfile },
): Promise<DevConfig> {
  const env = process.env;
  const cwd = process.cwd();
  const local = path.join(cwd, 'fedimg.toml');
  const named = option ?? env['FEDIMG_CONFIG'] ?? (existsSync(local) ? local : undefined);
  const own = path.join(stateDir, configFileName(latency));
  if (!named && !existsSync(own)) {
    await writeLocalConfig(
      stateDir,
      {
        deployment: 'dev',
        taskQueue: 'dev',
        latency,
        allow: [SERVED_BY_USER, SERVED_BY_USER.replace('127.0.0.1', 'localhost')],
      },
      { content: BOOT_SECTOR_TEST },
    );
  }
  const chosen = named ? path.resolve(cwd, named) : own;
  if (chosen === own) await placeAgentKey(stateDir);
  const { config, file } = await loadConfig({ path: chosen, env, cwd });
  // A user who has sourced dev.env names our own file in FEDIMG_CONFIG.
  const { deployment, worker } = config;
  return { file, deployment, taskQueue: worker.taskQueue, own: file === own };
}
