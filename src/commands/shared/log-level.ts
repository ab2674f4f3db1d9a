/** The option `--log-level` of the long-running commands. */

import type { Command } from 'commander';
import type { LogLevel } from '../../model/log-level.js';
import { LOG_LEVELS } from '../../model/log-level.js';
import { usageError } from './problem.js';

export function logLevelOption(command: Command): Command {
  return command.option(
    '--log-level <level>',
    `${LOG_LEVELS.join(', ')} (default: log.level of the configuration)`,
    parseLogLevel,
  );
}

function parseLogLevel(text: string): LogLevel {
  const level = LOG_LEVELS.find((one) => one === text);
  if (level !== undefined) return level;
  throw usageError(`--log-level ${text} is unknown`, `Allowed: ${LOG_LEVELS.join(', ')}.`);
}
