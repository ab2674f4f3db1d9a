/** Checks the module of `temporal.codec` on this machine; it is loaded when a connection is opened. */
import { access, constants } from 'node:fs/promises';

/** The problem with the file, or `undefined`. */
export async function checkPayloadCodec(file: string): Promise<string | undefined> {
  try {
    await access(file, constants.R_OK);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return `is ${file}, which cannot be read (${code ?? String(error)}); name a JavaScript module (relative to this file)`;
  }
}
