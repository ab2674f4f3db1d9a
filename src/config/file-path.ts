/** Where a file of the configuration is: beside it, absolute, or among the credentials of a systemd service. */
import { join, resolve } from 'node:path';

/** `credential:NAME` is a credential that systemd has loaded for the service (`LoadCredential=NAME:PATH`). */
const CREDENTIAL = /^credential:([A-Za-z0-9._-]{1,128})$/;

export interface FilePlace {
  /** Of the configuration file. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Absolute; a credential stays as it is written in a process that systemd gave none, such as an operator's command. */
export function filePath(file: string, { folder, env }: FilePlace): string {
  const [, name] = CREDENTIAL.exec(file) ?? [];
  if (name === undefined) return resolve(folder, file);
  const directory = env['CREDENTIALS_DIRECTORY'];
  return directory === undefined || directory === '' ? file : join(directory, name);
}

export function isCredential(file: string): boolean {
  return CREDENTIAL.test(file);
}
