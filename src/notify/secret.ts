/** Secrets of the channels: from a file, else from the environment. Read at each use, so a renewed one is used at once. */

import { readFile } from 'node:fs/promises';
import type { Channel } from '../model/notification.js';
import { NotifyError } from './errors.js';

export interface SecretSource {
  readonly channel: Channel;
  /** The key of the configuration, for errors. */
  readonly key: string;
  readonly file: string | undefined;
  /** The variable that has the secret when the configuration names no file. */
  readonly variable?: string;
}

/** Undefined when the configuration and the environment name none; throws `NotifyError` when a file cannot be used. */
export async function readSecret(
  { channel, key, file, variable }: SecretSource,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  if (file === undefined) return variable === undefined ? undefined : env[variable] || undefined;
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    const { code = 'error' } = error as NodeJS.ErrnoException;
    const message = `notify.${channel}.${key} names ${file}, which cannot be read (${code})`;
    throw new NotifyError(channel, 'setup', message, { cause: error });
  });
  const secret = text.trim();
  if (secret !== '') return secret;
  throw new NotifyError(channel, 'setup', `notify.${channel}.${key} names ${file}, which is empty`);
}
