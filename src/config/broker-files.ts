/** The certificates and the password of `[messaging]`, at paths relative to the configuration file. */
import { stat } from 'node:fs/promises';
import { filePath, isCredential, type FilePlace } from './file-path.js';
import type { LocatedProblem } from './problems.js';
import type { MessagingConfig } from './sections/messaging.js';

const KEYS = { ca_file: 'caFile', cert_file: 'certFile', key_file: 'keyFile' } as const;
const PATHS = [...Object.values(KEYS), 'passwordFile'] as const;

/** Resolves paths against the configuration file, not the working directory, which differs between services. */
export function resolveBrokerFiles(messaging: MessagingConfig, place: FilePlace): MessagingConfig {
  const found = PATHS.flatMap((name) => {
    const file = messaging[name];
    return file === undefined ? [] : [[name, filePath(file, place)] as const];
  });
  return { ...messaging, ...Object.fromEntries(found) };
}

/** The problems of missing certificates. Permissions are not checked here: an operator's commands do not need the key. */
export async function checkBrokerFiles(messaging: MessagingConfig): Promise<LocatedProblem[]> {
  const checked = Object.entries(KEYS).map(async ([key, name]): Promise<LocatedProblem[]> => {
    const file = messaging[name];
    const what = file === undefined || isCredential(file) ? undefined : await fileProblem(file);
    return what === undefined ? [] : [{ path: ['messaging', key], message: `is ${file}, ${what}` }];
  });
  return (await Promise.all(checked)).flat();
}

async function fileProblem(file: string): Promise<string | undefined> {
  const next = 'name the PEM file (relative to this file)';
  try {
    return (await stat(file)).isFile() ? undefined : `which is not a file; ${next}`;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const isMissing = code === 'ENOENT' || code === 'ENOTDIR';
    return isMissing ? `which does not exist; put it there, or ${next}` : undefined;
  }
}
