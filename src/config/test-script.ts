/** Checks the test script on this machine before an instance is launched. */
import { readFile, stat } from 'node:fs/promises';
import type { TestTransport } from './sections/test.js';

/** EC2 accepts 16 KiB of user-data, and the frame around the script needs some of it. */
const SCRIPT_BYTES_MAX: Readonly<Record<TestTransport, number>> = {
  auto: 48 * 1024,
  ssm: 48 * 1024,
  console: 12 * 1024,
};

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
    const maxBytes = SCRIPT_BYTES_MAX[transport];
    if (found.size > maxBytes) {
      return `is ${file}, which has ${found.size} bytes; allowed: ${maxBytes} over ${transport}; let it download the rest`;
    }
    // The kernel would look for an interpreter whose name ends in a carriage return.
    if (/\r\n/.test(await readFile(file, 'utf8'))) {
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
