/** The files of `[notify]` and `[log]`, at paths relative to the configuration file. */
import { resolve } from 'node:path';
import type { LogConfig } from './sections/log.js';
import type { NotifyConfig } from './sections/notify.js';

/** Not checked here: an operator's commands need none of these secrets. The worker and `fedimg doctor` read them. */
export function resolveNotifyFiles(notify: NotifyConfig, folder: string): NotifyConfig {
  const { webhook, mail } = notify;
  return {
    ...notify,
    webhook: resolved(webhook, ['urlFile', 'secretFile'], folder),
    mail: resolved(mail, ['passwordFile', 'caFile'], folder),
  };
}

export function resolveLogFile(log: LogConfig, folder: string): LogConfig {
  return resolved(log, ['file'], folder);
}

function resolved<T extends object>(table: T, keys: readonly (keyof T)[], folder: string): T {
  const found = keys.flatMap((key) => {
    const file = table[key];
    return typeof file === 'string' ? [[key, resolve(folder, file)]] : [];
  });
  return { ...table, ...(Object.fromEntries(found) as Partial<T>) };
}
