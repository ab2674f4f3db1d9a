/** The files of `[notify]` and `[log]`, at paths relative to the configuration file. */
import { filePath, type FilePlace } from './file-path.js';
import type { LogConfig } from './sections/log.js';
import type { NotifyConfig } from './sections/notify.js';

/** Not checked here: an operator's commands need none of these secrets. The worker and `fedimg doctor` read them. */
export function resolveNotifyFiles(notify: NotifyConfig, place: FilePlace): NotifyConfig {
  const { webhook, mail } = notify;
  return {
    ...notify,
    webhook: resolved(webhook, ['urlFile', 'secretFile'], place),
    mail: resolved(mail, ['passwordFile', 'caFile'], place),
  };
}

export function resolveLogFile(log: LogConfig, place: FilePlace): LogConfig {
  return resolved(log, ['file'], place);
}

function resolved<T extends object>(table: T, keys: readonly (keyof T)[], place: FilePlace): T {
  const found = keys.flatMap((key) => {
    const file = table[key];
    return typeof file === 'string' ? [[key, filePath(file, place)]] : [];
  });
  return { ...table, ...(Object.fromEntries(found) as Partial<T>) };
}
