/** The file of `fedimg config check` and `show`: their argument, else as for every command. */

import type { Command } from 'commander';
import type { LoadConfigOptions } from '../../config/load.js';
import { globalOptions } from '../shared/options.js';

export const FILE_ARGUMENT = [
  '[file]',
  'the configuration (default: --config, FEDIMG_CONFIG, ./fedimg.toml, /etc/fedimg.toml)',
] as const;

export function chosenFile(command: Command, named: string | undefined): LoadConfigOptions {
  const path = named ?? globalOptions(command).config;
  return { ...(path === undefined ? {} : { path }), env: process.env, cwd: process.cwd() };
}
