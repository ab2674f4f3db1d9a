/** `fedimg config`: checks, shows and describes the configuration, and converts that of the old fedimg. */

import { Command } from 'commander';
import { checkCommand } from './config/check.js';
import { importCommand } from './config/import.js';
import { schemaCommand } from './config/schema.js';
import { showCommand } from './config/show.js';

export function createCommand(): Command {
  return new Command('config')
    .addCommand(checkCommand())
    .addCommand(showCommand())
    .addCommand(schemaCommand())
    .addCommand(importCommand());
}
