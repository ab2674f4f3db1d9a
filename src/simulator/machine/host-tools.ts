/** Finds the host's programs and the guest scripts that come with the local cloud. */

import { accessSync, constants, existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where systems keep their tools; the caller's PATH may lack these folders. */
export const standardPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The absolute path of a host's program, or undefined when the host lacks it. */
export function findHostTool(name: string): string | undefined {
  const folders = `${standardPath}:${process.env['PATH'] ?? ''}`.split(':');
  for (const folder of folders) {
    if (folder === '') continue;
    const file = path.join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

export function requireHostTool(name: string): string {
  const file = findHostTool(name);
  if (file === undefined) {
    throw new Error(
      `the local cloud's machines need ${name}, which this host lacks; install it with the system's package tool`,
    );
  }
  return file;
}

/** The folder of the guest's shell scripts, which the build copies beside the compiled code. */
export function guestScriptFolder(): string {
  const folder = fileURLToPath(new URL('./guest/', import.meta.url));
  if (existsSync(folder)) return folder;
  throw new Error(
    `the local cloud's guest scripts are missing (looked in ${folder}); reinstall the package`,
  );
}
