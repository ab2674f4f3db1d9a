/** Checks the test script on this machine before an instance is launched. */
import { readFile, stat } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import type { TestTransport } from './sections/test.js';

const SCRIPT_BYTES_MAX = 48 * 1024;

/** EC2 user guide, user-data: 16 KB before EC2's own base64. */
const USER_DATA_BYTES_MAX = 16 * 1024;

/** What console-user-data.sh, the dead-man timer and their arguments need of it. */
export const CONSOLE_FRAME_BYTES = 1_664;

const PACKED_BYTES_MAX = USER_DATA_BYTES_MAX - CONSOLE_FRAME_BYTES;

/** A script as user-data carries it: compressed, in base64. */
export function packedScript(script: string): string {
  return gzipSync(script, { level: 9 }).toString('base64');
}

/** Why user-data cannot carry the script, or `undefined`. */
export function packedScriptProblem(script: string): string | undefined {
  const { length } = packedScript(script);
  if (length <= PACKED_BYTES_MAX) return undefined;
  return `has ${Buffer.byteLength(script)} bytes and, compressed and in base64, ${length}; allowed over console: ${PACKED_BYTES_MAX}, because EC2 takes 16 KiB of user-data`;
}

/** The problem with the script, or `undefined`. */
export async function checkTestScript(
  file: string,
  transport: TestTransport,
): Promise<string | undefined> {
  const name = 'name a script that exits 0 when the image is good';
  try {
    const found = await stat(file);
    if (!found.isFile()) return `is ${file}, which is not a file; ${name}`;
    if (found.size === 0) return `is ${file}, which is empty; ${name}`;
    if (found.size > SCRIPT_BYTES_MAX) {
      return `is ${file}, which has ${found.size} bytes; allowed: ${SCRIPT_BYTES_MAX}; let it download the rest`;
    }
    const script = await readFile(file, 'utf8');
    const packed = transport === 'console' ? packedScriptProblem(script) : undefined;
    if (packed !== undefined) {
      return `is ${file}, which ${packed}; make it smaller, or use test.transport = "ssm"`;
    }
    // The kernel would look for an interpreter whose name ends in a carriage return.
    if (/\r\n/.test(script)) {
      return `is ${file}, whose lines end as on Windows (CR LF), which Linux shells do not run; convert it: sed -i 's/\\r$//' ${file}`;
    }
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      return `is ${file}, which does not exist; create it, or ${name} (relative to this file)`;
    }
    return `is ${file}, which cannot be read (${code ?? String(error)}); make it readable`;
  }
}
